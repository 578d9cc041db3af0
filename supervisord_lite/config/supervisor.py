"""The `[supervisor]` table, resolved."""

import os
from collections.abc import Mapping

from msgspec import Struct

from supervisord_lite.config.expansion import Scope
from supervisord_lite.config.given import Given, Section
from supervisord_lite.config.locate import NoRuntimeDirectory, default_control_socket
from supervisord_lite.config.program import Supervisor
from supervisord_lite.config.resolver import Resolver, absolute
from supervisord_lite.config.socket_path import why_not_socket
from supervisord_lite.config.tables import SupervisorTable


class Surroundings(Struct, frozen=True):
    """What `[supervisor]` gives to companions and pools: its own value, and the scope of their texts."""

    supervisor: Supervisor
    scope: Scope


def resolve_supervisor(
    section: Section, resolver: Resolver, environ: Mapping[str, str], uid: int
) -> Surroundings:
    """Return the table with everything expanded and checked; problems are noted in the resolver."""
    given = section.given
    visible = dict(environ)
    names = {"host": os.uname().nodename}
    names["host_node_name"] = names["host"]
    scope = Scope(visible, names)
    env = resolver.environment([section], visible, names)
    table = SupervisorTable(**{key: item.value for key, item in given.items()})
    user = resolver.user(given.get("user"), scope)
    if user is None and not section.holds("user"):
        user = resolver.accounts.default_user(uid)
    supervisor = Supervisor(
        control_socket=_control_socket(section, resolver, scope, environ, uid),
        control_socket_mode=int(table.control_socket_mode),
        control_socket_group=resolver.group(given.get("control_socket_group"), scope),
        preload=tuple(table.preload),
        python_path=resolver.directories(given.get("python_path"), scope),
        cwd=resolver.directory(given.get("cwd"), scope),
        env=env,
        include=_patterns(section, resolver, scope),
        log_level=str(table.log_level),
        user=user,
        group=resolver.group(given.get("group"), scope),
        shutdown_timeout=None if table.shutdown_timeout is None else float(table.shutdown_timeout),
        shutdown_buffer=float(table.shutdown_buffer),
    )
    return Surroundings(supervisor, scope)


def _patterns(section: Section, resolver: Resolver, scope: Scope) -> tuple[str, ...]:
    given = section.given.get("include")
    if given is None:
        return ()
    from glob import escape  # only a file that includes others needs it

    here = os.path.join(escape(os.path.dirname(given.file)), "_")  # brackets in its own path are no pattern
    return tuple(
        absolute(text, Given(None, here, given.key)) for text in resolver.texts(given, scope) if text
    )


def _control_socket(
    section: Section, resolver: Resolver, scope: Scope, environ: Mapping[str, str], uid: int
) -> str:
    given = section.given.get("control_socket")
    path = resolver.path(given, scope)
    file, key = (given.file, given.key) if given else (section.file, "supervisor.control_socket")
    if path is None and not section.holds("control_socket"):
        try:
            path = default_control_socket(environ, uid)
        except NoRuntimeDirectory as error:
            resolver.problems.add(file, key, str(error))
    if path is None:
        return ""
    if why := why_not_socket(path):
        resolver.problems.add(file, key, why)
    return path
