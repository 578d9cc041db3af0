"""The companions and pools of all files: each name once, in their order, and made into what runs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from supervisord_lite.config.companion import lay_over
from supervisord_lite.config.document import Source
from supervisord_lite.config.given import Section
from supervisord_lite.config.launch import Launches
from supervisord_lite.config.order import Order
from supervisord_lite.config.pool import Pools, check_pool
from supervisord_lite.config.problem import Problems
from supervisord_lite.config.program import Pool, Program
from supervisord_lite.config.programs import Programs
from supervisord_lite.config.socket_path import Places


class Definitions:
    """What the files define, before expansion; what does not go together in it is noted."""

    def __init__(
        self, sources: Sequence[Source], counts: Mapping[str, int], problems: Problems, *, complete: bool
    ) -> None:
        """Merge the files, the main one first. Not `complete`: one could not be read."""
        self._companions = {
            name: lay_over(name, section, sources[0].defaults, counts.get(name), problems)
            for name, section in _merge((source.companions for source in sources), problems).items()
        }
        self._pools = {
            name: check_pool(name, section, counts.get(name), problems)
            for name, section in _merge((source.pools for source in sources), problems).items()
        }
        self._refuse_shared_names(problems)
        self._order = Order({**self._pools, **self._companions})
        self._order.check(problems, complete=complete)

    def instances(self) -> dict[str, int]:
        """Return how many instances each companion has."""
        return {name: companion.count for name, companion in self._companions.items()}

    def programs(self, launches: Launches) -> list[Program]:
        """Return the programs of all companions."""
        programs = Programs(launches)
        companions = self._companions.values()
        return [program for one in companions for program in programs.of(one, self._order.after(one))]

    def pools(self, launches: Launches, places: Places) -> list[Pool]:
        """Return all pools; their sockets are noted in `places`."""
        pools = Pools(launches, places)
        return [pools.of(one, self._order.after(one)) for one in self._pools.values()]

    def with_sections(self, pools: Iterable[Pool]) -> Iterator[tuple[Section, Pool]]:
        """Yield each pool with the table it was made of."""
        return ((self._pools[pool.name].own, pool) for pool in pools)

    def _refuse_shared_names(self, problems: Problems) -> None:
        for name in self._pools.keys() & self._companions.keys():
            own, other = self._pools[name].own, self._companions[name].own
            problems.add(
                own.file, own.key, f'has the name of a companion, [{other.key}] in "{other.file}"; rename one'
            )


def _merge(tables: Iterable[Mapping[str, Section]], problems: Problems) -> dict[str, Section]:
    merged: dict[str, Section] = {}
    for sections in tables:
        for name, section in sections.items():
            if name in merged:
                problems.add(
                    section.file,
                    section.key,
                    f'is defined already, in "{merged[name].file}"; remove or rename one',
                )
            else:
                merged[name] = section
    return merged
