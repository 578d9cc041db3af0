"""`${VAR}` and `%(name)s` in texts of the file.

Only what has exactly one of these forms is expanded, so `date +%s` and `$HOME` in a shell script need no
escape. `$${` and `%%(` stand for `${` and `%(` themselves.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

from supervisord_lite.config.value import nearest

FORM = re.compile(
    r"""
    (?P<escaped> \$\$\{ | %%\( )
    | \$\{ (?P<variable> [A-Za-z_][A-Za-z0-9_]* ) (?: :- (?P<default> [^{}]* ) )? \}
    | %\( (?P<name> [A-Za-z_][A-Za-z0-9_]* ) \) (?P<format> -?[0-9]{0,3}[sd] )?
    | (?P<malformed> \$\{ )
    """,
    re.VERBOSE,
)
NUMBERS = ("instance", "process_num")


class Scope(Struct, frozen=True):
    """What can be named in a text: environment variables, and names such as `instance`."""

    variables: Mapping[str, str]
    names: Mapping[str, str]


def expand(text: str, scope: Scope, here: str) -> str:
    """Return the text with all forms replaced; `here` is the directory of the file the text stands in.

    Raises ValueError with the rest of a sentence that begins with the key.
    """
    if "${" not in text and "%(" not in text:
        return str(text)

    def replacement(match: re.Match[str]) -> str:
        if match["escaped"]:
            return match["escaped"][1:]
        if match["variable"]:
            return _variable(match["variable"], match["default"], scope)
        if match["name"]:
            return _name(match, scope, here)
        raise ValueError(  # without the text, which may be a secret
            "holds ${ that is neither ${VAR} nor ${VAR:-default}; write $${ to leave it as it is"
        )

    return FORM.sub(replacement, text)


def _variable(name: str, default: str | None, scope: Scope) -> str:
    value = scope.variables.get(name)
    if default is not None:
        return value or default  # as in a shell, an empty variable counts as none
    if value is None:
        raise ValueError(
            f"refers to ${{{name}}}, which is not set{nearest(name, scope.variables)}; give it in env, write "
            f"${{{name}:-default}}, or $${{{name}}} to leave it as it is"
        )
    return value


def _name(match: re.Match[str], scope: Scope, here: str) -> str:
    name, spec = match["name"], match["format"]
    if spec is None:
        raise ValueError(
            f'holds "%({name})" without its final s; write %({name})s, or %%({name}) to leave it as it is'
        )
    if name.startswith("ENV_"):
        value = scope.variables.get(name.removeprefix("ENV_"))
        if value is None:
            raise ValueError(
                f"refers to %({name})s, but {name.removeprefix('ENV_')} is not set in the environment"
            )
    elif name == "here":
        value = here
    else:
        value = scope.names.get(name)
    if value is None:
        known = ["here", *scope.names]
        raise ValueError(
            f"refers to %({name})s, which is not known here{nearest(name, known)}; known are "
            f"{', '.join(f'%({word})s' for word in known)}; write %%({name})s to leave it as it is"
        )
    if spec.endswith("d"):
        if name not in NUMBERS:
            raise ValueError(f"formats %({name}){spec} as a number, which it is not; write %({name})s")
        return f"%{spec}" % int(value)
    return f"%{spec}" % value
