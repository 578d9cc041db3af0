"""One companion: its own table laid over `[companion_defaults]`, checked as a whole; its instances' names."""

from collections.abc import Mapping

from msgspec import Struct

from supervisord_lite.config.given import Given, Section
from supervisord_lite.config.problem import Problems
from supervisord_lite.config.tables import CompanionTable
from supervisord_lite.model.policy import Policy

WHAT_TO_RUN = ("target", "command")


class Companion(Struct, frozen=True):
    """A companion before expansion: its layers, what they come to, and how many of it run.

    `own` and `defaults` are the two layers; `given` is the winning value of each key, with its place.
    """

    name: str
    own: Section
    defaults: Section
    given: Mapping[str, Given]
    table: CompanionTable
    count: int

    def refused(self, key: str) -> bool:
        """Return whether the key was given a value that is told to be wrong already."""
        return key in self.own.refused or key in self.defaults.refused

    def instance_names(self) -> tuple[str, ...]:
        """Return the names of its instances.

        A companion of one is just NAME, and keeps that name as its first instance when it is scaled up at run
        time: the process that runs is not touched. One that the file gives several has NAME:1 and so on, even
        when it is scaled down to one.
        """
        first = self.name if self.table.instances <= 1 else f"{self.name}:1"
        return (first, *(f"{self.name}:{number}" for number in range(2, self.count + 1)))[: self.count]


def lay_over(name: str, own: Section, defaults: Section, count: int | None, problems: Problems) -> Companion:
    """Return the companion of a table and the defaults, after noting what does not go together in them.

    `count` is the number of instances asked for at run time, None for what the file says.
    """
    given = dict(defaults.given)
    if any(own.holds(key) for key in WHAT_TO_RUN):
        for key in WHAT_TO_RUN:
            given.pop(key, None)
    given.update(own.given)
    if "watchdog_sec" in given and not own.holds("watchdog_sec") and not _value(given, "notify"):
        del given["watchdog_sec"]  # defaults for those that notify; the others have no use for it
    values = {key: item.value for key, item in given.items() if key not in ("env", "rlimits")}
    table = CompanionTable(**values)
    companion = Companion(name, own, defaults, given, table, int(table.instances) if count is None else count)
    _check_what_to_run(companion, problems)
    _check_watchdog(companion, problems)
    _check_delays(companion, problems)
    return companion


def policy_of(table: CompanionTable) -> Policy:
    """Return what the table says about a program's life."""
    return Policy(
        startsecs=float(table.startsecs),
        notify=table.notify,
        ready_timeout=float(table.ready_timeout),
        watchdog_sec=float(table.watchdog_sec) or None,
        stop_signal=int(table.stop_signal),
        stop_timeout=float(table.stop_timeout),
        reload_timeout=float(table.reload_timeout),
        reload_signal=int(table.reload_signal) or None,
        restart=table.restart,
        success_exit_codes=tuple(table.success_exit_codes),
        permanent_exit_codes=tuple(table.permanent_exit_codes),
        restart_delay=float(table.restart_delay),
        restart_delay_max=float(table.restart_delay_max) or None,
        max_restarts=None if table.max_restarts < 0 else int(table.max_restarts),
        restart_window=float(table.restart_window),
    )


def _value(given: Mapping[str, Given], key: str) -> object:
    return given[key].value if key in given else None


def _check_what_to_run(companion: Companion, problems: Problems) -> None:
    own, defaults, given = companion.own, companion.defaults, companion.given
    if all(key in given for key in WHAT_TO_RUN):
        problems.add(own.file, own.key, 'has both "target" and "command"; keep the one that is meant')
    elif not any(section.holds(key) for section in (own, defaults) for key in WHAT_TO_RUN):
        problems.add(
            own.file,
            own.key,
            'has nothing to run; give it target = "module:callable" or command = ["program", ...]',
        )


def _check_watchdog(companion: Companion, problems: Problems) -> None:
    given = companion.given.get("watchdog_sec")
    if given is None or not given.value or companion.table.notify or companion.refused("notify"):
        return
    problems.add(
        given.file,
        given.key,
        "needs notify = true: the watchdog waits for WATCHDOG=1, which only a program that notifies sends",
    )


def _check_delays(companion: Companion, problems: Problems) -> None:
    table, own = companion.table, companion.own.given
    if not table.restart_delay_max or table.restart_delay_max > table.restart_delay:
        return
    if companion.refused("restart_delay"):
        return
    place = own.get("restart_delay_max") or own.get("restart_delay") or companion.given["restart_delay_max"]
    problems.add(
        place.file,
        place.key,
        f"the delay must grow: restart_delay_max ({table.restart_delay_max.written}s) must be greater than "
        f"restart_delay ({table.restart_delay.written}s)",
    )
