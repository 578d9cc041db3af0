"""Reads a configuration: the file, what it includes, and everything they come to."""

import os
from collections.abc import Mapping

from supervisord_lite.config.definitions import Definitions
from supervisord_lite.config.document import Source, read_source
from supervisord_lite.config.launch import Launches
from supervisord_lite.config.problem import ConfigError, Problem, Problems
from supervisord_lite.config.program import Configuration
from supervisord_lite.config.resolver import Resolver
from supervisord_lite.config.socket_path import Places
from supervisord_lite.config.stash import check_room, resolve_stash
from supervisord_lite.config.supervisor import resolve_supervisor

__all__ = ["ConfigError", "Problem", "load"]


def load(
    path: str,
    environ: Mapping[str, str],
    *,
    instances: Mapping[str, int] | None = None,
    texts: Mapping[str, bytes] | None = None,
    uid: int | None = None,
) -> Configuration:
    """Return the configuration in the file `path`, complete and validated.

    `environ` is the daemon's environment. `instances` are counts set at run time by the name of a companion
    (0 and more) or a pool (raised to what its apps ask for), which go before the file's; names that the file
    does not have are passed over. `texts` are the files as an earlier configuration held them (None: as they
    are now). `uid` decides the defaults that only root has (the effective one of this process, if not given).
    Raises ConfigError with every problem found.
    """
    file = os.path.abspath(path)
    problems = Problems()
    main = read_source(file, problems, text=texts[file] if texts is not None else None)
    if main is None:
        problems.raise_if_any()
        raise AssertionError("a file that cannot be read is a problem")
    resolver = Resolver(problems)
    uid = os.geteuid() if uid is None else uid
    surroundings = resolve_supervisor(main.supervisor, resolver, environ, uid)
    supervisor = surroundings.supervisor
    included = _read_included(supervisor.include, file, texts, problems)
    sources = [main, *(source for source in included.values() if source)]
    definitions = Definitions(sources, instances or {}, problems, complete=None not in included.values())
    launches = Launches(resolver, surroundings)
    places = Places([(supervisor.control_socket, "the control socket")] if supervisor.control_socket else [])
    programs = definitions.programs(launches)
    pools = definitions.pools(launches, places)
    stash = resolve_stash(main.stash, resolver, surroundings, environ, uid)
    check_room(stash, main.stash, definitions.with_sections(pools), places, resolver)
    problems.raise_if_any()
    return Configuration(
        file=file,
        files=(file, *included),
        texts={source.file: source.text for source in sources},
        supervisor=supervisor,
        instances=definitions.instances(),
        programs={program.name: program for program in programs},
        pools={pool.name: pool for pool in pools},
        stash=stash,
    )


def _read_included(
    patterns: tuple[str, ...], main: str, texts: Mapping[str, bytes] | None, problems: Problems
) -> dict[str, Source | None]:
    """Return the included files in their order, None for one that cannot be read."""
    if texts is None:
        return {name: read_source(name, problems, included=True) for name in _included_files(patterns, main)}
    names = [name for name in texts if name != main]
    return {name: read_source(name, problems, included=True, text=texts[name]) for name in names}


def _included_files(patterns: tuple[str, ...], main: str) -> list[str]:
    """Return the files that each pattern matches, sorted, each once, and not the including file itself."""
    if not patterns:
        return []
    from glob import glob

    found = (name for pattern in patterns for name in sorted(glob(pattern)) if not os.path.isdir(name))
    return [name for name in dict.fromkeys(found) if name != main]
