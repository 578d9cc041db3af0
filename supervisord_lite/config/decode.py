"""From what TOML yields to parsed values, key by key, so that one bad value hides no other."""

from typing import Any, get_args, get_origin

import msgspec

from supervisord_lite.config.given import Given, Section
from supervisord_lite.config.kinds import kinds
from supervisord_lite.config.problem import Problems
from supervisord_lite.config.value import nearest, shown


def decode_table(
    written: object, struct: type[msgspec.Struct], file: str, key: str, problems: Problems
) -> Section:
    """Return what the table gives, of the keys that `struct` has; note a problem for everything else."""
    given: dict[str, Given] = {}
    refused: set[str] = set()
    if not isinstance(written, dict):
        problems.add(file, key, f"must be a table, [{key}], not {shown(written)}")
        return Section(file, key, given, frozenset(kinds(struct)))
    for name, value in written.items():
        path = f"{key}.{quoted(name)}"
        kind = kinds(struct).get(name)
        if kind is None:
            refused.update(explain_unknown(name, value, struct, file, path, problems))
            continue
        decoded = _decode(value, kind, file, path, problems)
        if decoded is None:
            refused.add(name)
        else:
            given[name] = Given(decoded, file, path)
    return Section(file, key, given, frozenset(refused))


def quoted(name: str) -> str:
    """Return a key as it is written in a dotted path of TOML: bare where that can be, else in quotes."""
    bare = name and all(char.isascii() and (char.isalnum() or char in "_-") for char in name)
    return name if bare else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def explain_unknown(
    name: str, written: object, struct: type[msgspec.Struct], file: str, path: str, problems: Problems
) -> tuple[str, ...]:
    """Note that a key is not known, with what was probably meant; return the known keys it may stand for."""
    from supervisord_lite.config import foreign  # only a refused file needs it

    known = kinds(struct)
    hint, meant = foreign.hint(name, written, struct, path)
    if not hint:
        hint = nearest(name, known)
        meant = tuple(key for key in known if f'"{key}"' in hint)
    problems.add(file, path, f'unknown key "{name}"{hint}')
    return meant


def _decode(written: object, kind: Any, file: str, path: str, problems: Problems) -> object | None:
    if get_origin(kind) is dict:
        return _decode_entries(written, get_args(kind)[1], file, path, problems)
    value: object | None = None
    try:
        value = convert(written, kind)
    except ValueError as error:
        problems.add(file, path, str(error))
    return value


def _decode_entries(
    written: object, kind: Any, file: str, path: str, problems: Problems
) -> dict[str, Given] | None:
    if not isinstance(written, dict):
        problems.add(file, path, f"must be a table such as {{ NAME = ... }}, not {shown(written)}")
        return None
    entries = {}
    for name, value in written.items():
        entry_path = f"{path}.{quoted(name)}"
        try:
            kind.check_key(name)
            entries[name] = Given(convert(value, kind), file, entry_path)
        except ValueError as error:
            problems.add(file, entry_path, str(error))
    return entries


def convert(written: object, kind: Any) -> Any:
    """Return the value of a kind. Raises ValueError with the rest of a sentence that begins with the key."""
    try:
        return msgspec.convert(written, kind, dec_hook=_parse)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, ValueError):
            raise ValueError(str(error.__cause__)) from error
        raise ValueError(_expected(kind, written)) from error


def _parse(kind: Any, written: object) -> Any:
    return kind.parse(written)


def _expected(kind: Any, written: object) -> str:
    if kind is bool:
        return f"must be true or false, not {shown(written)}"
    choices = [member.value for member in kind]
    hint = nearest(written, choices) if isinstance(written, str) else ""
    return f"must be one of {', '.join(map(shown, choices))}, not {shown(written)}{hint}"
