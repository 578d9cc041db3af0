"""start, stop, restart, reload, signal and wait: feed the event, then wait for the verdict."""

import signal
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from supervisord_lite.linux.kernel import Kernel, Sent
from supervisord_lite.model.events import Again, Start, Stop
from supervisord_lite.model.exits import signal_name
from supervisord_lite.model.states import State, Wanted
from supervisord_lite.supervise.program import Supervised
from supervisord_lite.supervise.supervisor import Supervisor
from supervisord_lite.supervise.verdicts import until

from .requests import RequestRefused


class Outcome(Struct):
    """What became of one program."""

    name: str
    ok: bool
    state: State
    message: str


class Steering:
    """Performs the commands that act on programs by name."""

    def __init__(self, supervisor: Supervisor, kernel: Kernel) -> None:
        self._supervisor = supervisor
        self._registry = supervisor.programs
        self._kernel = kernel

    async def start(self, programs: list[Supervised], wait: bool, timeout: float | None) -> dict[str, Any]:
        """Bring them up; what is up already is a success."""
        before = {program.name: program.life.state for program in programs}
        with self._supervisor.together():
            for program in programs:
                self._supervisor.feed(program, Start())
        done = {State.RUNNING: "already running", State.STARTING: "already starting"}
        notes = {name: done[state] for name, state in before.items() if state in done}
        return await self._verdict(
            programs, self._registry.has_verdict, _is_up, "started", wait, timeout, notes
        )

    async def stop(self, programs: list[Supervised], wait: bool, timeout: float | None) -> dict[str, Any]:
        """Bring them down; what is down already is a success."""
        notes = {p.name: "already stopped" for p in programs if p.life.state is State.STOPPED}
        with self._supervisor.together():
            for program in programs:
                self._supervisor.feed(program, Stop())
        return await self._verdict(programs, _is_down_or_wanted, _is_down, "stopped", wait, timeout, notes)

    async def restart(self, programs: list[Supervised], wait: bool, timeout: float | None) -> dict[str, Any]:
        """Give each a new process."""
        with self._supervisor.together():
            for program in programs:
                self._supervisor.feed(program, Again())
        return await self._verdict(
            programs, self._registry.has_verdict, _is_up, "restarted", wait, timeout, {}
        )

    async def reload(
        self, programs: list[Supervised], wait: bool, timeout: float | None, pools: Sequence[Outcome] = ()
    ) -> dict[str, Any]:
        """Send each its reload_signal; restart those that have none. What became of `pools` is told too."""
        by_signal = [p for p in programs if p.definition.policy.reload_signal is not None and p.pid]
        others = [p for p in programs if p not in by_signal]
        outcomes = [self._send(p, p.definition.policy.reload_signal or 0) for p in by_signal]
        reply = await self.restart(others, wait, timeout) if others else {"results": []}
        return _reply([*pools, *outcomes, *reply["results"]], reply.get("code", "failed"))

    def signal(self, programs: list[Supervised], number: int) -> dict[str, Any]:
        """Send a signal to the main process of each."""
        return _reply([self._send(program, number) for program in programs], "failed")

    async def wait(self, programs: list[Supervised], state: str, timeout: float | None) -> dict[str, Any]:
        """Wait until each is in the state, or in case of "ready" finished well."""
        reached = _condition(state)

        def is_decided(program: Supervised) -> bool:
            is_removed = self._registry.find(program.name) is not program
            return reached(program) or is_removed or program.life.state in (State.FATAL, State.EXITED)

        return await self._verdict(programs, is_decided, reached, state.lower(), True, timeout, {})

    def _send(self, program: Supervised, number: int) -> Outcome:
        state = program.life.state
        child = program.child
        if child is None:
            return Outcome(program.name, False, state, f"has no process: it is {state}")
        sent = Sent.GONE if child.reaped is not None else self._kernel.send(child.pid, number)
        if sent is Sent.GONE:
            return Outcome(program.name, False, state, "its process has just ended")
        if sent is Sent.FORBIDDEN:
            return Outcome(
                program.name, False, state, "its process runs as a user whom the daemon may not signal"
            )
        return Outcome(program.name, True, state, f"sent {signal_name(number)} to pid {child.pid}")

    async def _verdict(
        self,
        programs: list[Supervised],
        is_decided: Callable[[Supervised], bool],
        is_good: Callable[[Supervised], bool],
        done: str,
        wait: bool,
        timeout: float | None,
        notes: dict[str, str],
    ) -> dict[str, Any]:
        if not wait:
            return _reply([Outcome(p.name, True, p.life.state, self._words(p)) for p in programs], "failed")
        late = await until(self._supervisor.news, programs, is_decided, timeout)
        outcomes = [
            Outcome(program.name, True, program.life.state, notes.get(program.name, done))
            if is_good(program)
            else Outcome(program.name, False, program.life.state, self._words(program))
            for program in programs
        ]
        return _reply(outcomes, "timeout" if late else "failed")

    def _words(self, program: Supervised) -> str:
        return f"{program.life.state}: {program.describe(self._kernel.now())}"


def signal_number(given: int | str) -> int:
    """15 for 15, "15", "TERM" and "SIGTERM". Raises `RequestRefused`."""
    text = str(given).upper()
    if text.isdecimal() and int(text) in signal.valid_signals():
        return int(text)
    try:
        return signal.Signals[text if text.startswith("SIG") else f"SIG{text}"].value
    except KeyError:
        raise RequestRefused(f'no signal is called "{given}"', "bad_request") from None


def _condition(state: str) -> Callable[[Supervised], bool]:
    if state.lower() == "ready":
        return _is_up
    try:
        wanted = State(state.upper())
    except ValueError:
        known = ", ".join(["ready", *(name.lower() for name in State)])
        raise RequestRefused(f'no state is called "{state}"; known are {known}', "bad_request") from None
    return lambda program: program.life.state is wanted


def _is_up(program: Supervised) -> bool:
    return program.life.is_ready


def _is_down_or_wanted(program: Supervised) -> bool:
    """Whether nothing is left to wait for: it is down, or somebody else wants it up again."""
    return _is_down(program) or program.life.wanted is Wanted.UP


def _is_down(program: Supervised) -> bool:
    return program.life.state is State.STOPPED


def _reply(outcomes: list[Outcome], code: str) -> dict[str, Any]:
    bad = [outcome for outcome in outcomes if not outcome.ok]
    if not bad:
        message = outcomes[0].message if len(outcomes) == 1 else f"{len(outcomes)} programs: done"
        return {"ok": True, "message": message, "results": outcomes}
    error = "; ".join(f"{outcome.name}: {outcome.message}" for outcome in bad[:5])
    if len(bad) > 5:
        error += f"; and {len(bad) - 5} more"
    return {"ok": False, "error": error, "code": code, "results": outcomes}
