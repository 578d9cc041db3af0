"""Reads a configuration: the file, what it includes, and everything they come to."""

import os
from collections.abc import Mapping

from supervisord_lite.config.companion import Companion, lay_over
from supervisord_lite.config.document import Source, read_source
from supervisord_lite.config.given import Section
from supervisord_lite.config.launch import Programs
from supervisord_lite.config.order import find_cycles
from supervisord_lite.config.problem import ConfigError, Problem, Problems
from supervisord_lite.config.program import Configuration, Program
from supervisord_lite.config.resolver import Resolver
from supervisord_lite.config.supervisor import resolve_supervisor
from supervisord_lite.config.value import nearest

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

    `environ` is the daemon's environment. `instances` are counts set at run time by companion name (0 and
    more), which go before the file's; names that the file does not have are passed over. `texts` are the
    files as an earlier configuration held them (None: as they are now). `uid` decides the defaults that only
    root has (the effective one of this process, if not given). Raises ConfigError with every problem found.
    """
    file = os.path.abspath(path)
    problems = Problems()
    main = read_source(file, problems, text=texts[file] if texts is not None else None)
    if main is None:
        problems.raise_if_any()
        raise AssertionError("a file that cannot be read is a problem")
    resolver = Resolver(problems)
    surroundings = resolve_supervisor(
        main.supervisor, resolver, environ, os.geteuid() if uid is None else uid
    )
    if texts is None:
        files = _included_files(surroundings.supervisor.include, file)
        sources = [main, *(read_source(name, problems, included=True) for name in files)]
    else:
        files = [name for name in texts if name != file]
        sources = [main, *(read_source(n, problems, included=True, text=texts[n]) for n in files)]
    sections = _merge([source for source in sources if source], problems)
    companions = {
        name: lay_over(name, section, main.defaults, (instances or {}).get(name), problems)
        for name, section in sections.items()
    }
    _check_order(companions, problems, complete=None not in sources)
    programs = _programs(companions, Programs(resolver, surroundings))
    problems.raise_if_any()
    return Configuration(
        file=file,
        files=(file, *files),
        texts={source.file: source.text for source in sources if source},
        supervisor=surroundings.supervisor,
        instances={name: companion.count for name, companion in companions.items()},
        programs={program.name: program for program in programs},
    )


def _included_files(patterns: tuple[str, ...], main: str) -> list[str]:
    """Return the files that each pattern matches, sorted, each once, and not the including file itself."""
    if not patterns:
        return []
    from glob import glob

    found = (name for pattern in patterns for name in sorted(glob(pattern)) if not os.path.isdir(name))
    return [name for name in dict.fromkeys(found) if name != main]


def _merge(sources: list[Source], problems: Problems) -> dict[str, Section]:
    sections: dict[str, Section] = {}
    for source in sources:
        for name, section in source.companions.items():
            if name in sections:
                problems.add(
                    section.file,
                    section.key,
                    f'is defined already, in "{sections[name].file}"; remove or rename one',
                )
            else:
                sections[name] = section
    return sections


def _check_order(companions: Mapping[str, Companion], problems: Problems, *, complete: bool) -> None:
    """Note names in `after` that are not there (if all files could be read), and circles."""
    for companion in companions.values():
        given = companion.given.get("after")
        if given is None:
            continue
        for name in given.value:
            if name not in companions and complete:
                problems.add(
                    given.file, given.key, f'names "{name}", and there is no {_missing(name, companions)}'
                )
    graph = {name: companion.table.after for name, companion in companions.items()}
    for cycle in find_cycles(graph):
        given = companions[cycle[0]].given["after"]
        problems.add(
            given.file,
            given.key,
            f"goes in a circle: {' after '.join(cycle)}; none of them could ever be started",
        )


def _missing(name: str, companions: Mapping[str, Companion]) -> str:
    companion, colon, _ = name.partition(":")
    if colon and companion in companions:
        return f'such companion; write "{companion}", which means all its instances'
    return f"companion of that name{nearest(name, companions)}"


def _programs(companions: Mapping[str, Companion], programs: Programs) -> list[Program]:
    made: list[Program] = []
    for companion in companions.values():
        after = [
            name
            for other in companion.table.after
            if other in companions
            for name in companions[other].instance_names()
        ]
        made.extend(programs.of(companion, tuple(dict.fromkeys(after))))
    return made
