"""The `[stash]` table, resolved."""

import os
from collections.abc import Iterable, Mapping

from supervisord_lite.config.given import Section
from supervisord_lite.config.locate import STASH_NAME, NoStateDirectory, state_directory
from supervisord_lite.config.number import rlimit_name
from supervisord_lite.config.program import Pool, Stash
from supervisord_lite.config.resolver import Resolver
from supervisord_lite.config.socket_path import Places
from supervisord_lite.config.stash_table import StashTable
from supervisord_lite.config.supervisor import Surroundings
from supervisord_lite.model.stash import map_size


def resolve_stash(
    section: Section,
    resolver: Resolver,
    surroundings: Surroundings,
    environ: Mapping[str, str],
    uid: int,
) -> Stash:
    """Return the table with everything expanded and checked; problems are noted in the resolver."""
    given, scope = section.given, surroundings.scope
    table = StashTable(**{key: item.value for key, item in given.items()})
    path = resolver.path(given.get("path"), scope)
    if path is not None:
        if why := _why_not_stash(path):
            resolver.refuse(given["path"], why)
    elif not table.persist:
        path = os.path.join(os.path.dirname(surroundings.supervisor.control_socket), STASH_NAME)
    elif not section.holds("path"):
        try:
            path = os.path.join(state_directory(environ, uid), STASH_NAME)
        except NoStateDirectory as error:
            resolver.problems.add(section.file, "stash.path", str(error))
    return Stash(
        path=path or "",
        size=int(table.size),
        persist=table.persist,
        mode=int(table.mode),
        group=resolver.sharing_group(section, "group", scope, "mode", table.mode),
    )


def check_room(
    stash: Stash, section: Section, pools: Iterable[tuple[Section, Pool]], places: Places, resolver: Resolver
) -> None:
    """Note where the stash is in the way of a socket, or has no room in a pool's address space."""
    owner = places.claim(stash.path, "the stash") if stash.path else None
    if owner is not None:
        given = section.given.get("path")
        file, key = (given.file, given.key) if given else (section.file, "stash.path")
        resolver.problems.add(file, key, f'cannot be "{stash.path}", which is {owner}; name another path')
    for own, pool in pools:
        limit = pool.launch.rlimits.get("as")
        mapped = map_size(stash.size)
        if limit is not None and 0 <= limit.soft <= mapped:
            entries = own.given["rlimits"].value
            given = next(given for key, given in entries.items() if rlimit_name(key) == "as")
            resolver.refuse(
                given,
                f"leaves no room for the stash: it is {limit.soft} bytes of addresses, and the stash maps "
                f'{mapped}; raise it, or lower "size" of [stash]',
            )


def _why_not_stash(path: str) -> str | None:
    if os.path.lexists(path):
        return None if os.path.isdir(path) else f'must be a directory, which "{path}" is not'
    parent = os.path.dirname(path)
    if os.path.isdir(parent):
        return None
    return f'must be in a directory that exists, which "{parent}" does not; create it'
