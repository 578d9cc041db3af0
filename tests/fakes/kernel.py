"""A kernel of processes that a test made up, which refuses what nobody scripted.

Its clock stands still until somebody moves it. A process that was never introduced is an error in the test;
one that has ended is answered for as the kernel does.
"""

import signal as signals
from collections.abc import Callable, Mapping

from supervisord_lite.linux.kernel import Reaped, Sent

US = 1
"""The pid of the process under test, the parent of every main process."""

DIES = "dies"
IGNORES = "ignores"
Reaction = int | str
"""What a process does about a signal: an exit status, DIES of it, or IGNORES it."""


class Unscripted(AssertionError):
    """The code under test asked for what the test has not thought of."""


class Process:
    """One process. `reactions` says what each signal does; SIGKILL and 0 need no script."""

    def __init__(self, pid: int, parent: int, group: int, started: int) -> None:
        self.pid = pid
        self.parent = parent
        self.group = group
        self.started = started
        self.reactions: dict[int, Reaction] = {}
        self.environment = b""
        self.title = ""
        self.status: int | None = None
        self.is_reaped = False
        self.is_unkillable = False
        self.received: list[int] = []

    @property
    def lives(self) -> bool:
        """Whether it has not ended."""
        return self.status is None


class FakeKernel:
    """Implements `Kernel`. `on_child_end` stands for SIGCHLD."""

    def __init__(self, clock: float = 1000.0) -> None:
        self.clock = clock
        self.processes: dict[int, Process] = {}
        self.on_child_end: Callable[[], None] = lambda: None
        self.limits: dict[tuple[int, str], tuple[int, int]] = {}
        self.nice_values: dict[int, int] = {}
        self.forbidden: set[int] = set()
        """Processes that this one has no right to signal."""
        self.sent: list[tuple[int, int]] = []
        """Every signal that was sent to a process, with its pid."""

    # The script.

    def spawn(
        self,
        pid: int,
        *,
        parent: int = US,
        group: int | None = None,
        env: bytes = b"",
        title: str = "",
        on: Mapping[int, Reaction] | None = None,
    ) -> Process:
        """Introduce a process; in a session of its own unless `group` says otherwise."""
        process = Process(pid, parent, group if group is not None else pid, started=len(self.processes) + 1)
        process.environment = env
        process.title = title
        process.reactions = {signals.SIGCONT: IGNORES, **(on or {})}
        self.processes[pid] = process
        return process

    def end(self, pid: int, code: int = 0, signal: int = 0) -> None:
        """The process ends; what it started is adopted by this one."""
        process = self._known(pid)
        if not process.lives:
            raise Unscripted(f"process {pid} has ended before")
        process.status = code << 8 | signal
        for other in self.processes.values():
            if other.parent == pid:
                other.parent = US
        self.on_child_end()

    # The protocol.

    def now(self) -> float:
        return self.clock

    def dead_child(self) -> int | None:
        for process in self.processes.values():
            if process.parent == US and not process.lives and not process.is_reaped:
                return process.pid
        return None

    def reap(self, pid: int) -> Reaped:
        process = self._known(pid)
        if process.parent != US or process.status is None or process.is_reaped:
            raise Unscripted(f"process {pid} is not to be reaped")
        process.is_reaped = True
        return Reaped(pid, process.status, 0.25, 0.5, 2**20)

    def is_child(self, pid: int) -> bool:
        process = self._known(pid)
        return process.parent == US and not process.is_reaped

    def send(self, pid: int, signal: int) -> Sent:
        process = self._known(pid)
        if process.is_reaped:
            return Sent.GONE
        if pid in self.forbidden:
            return Sent.FORBIDDEN
        self.sent.append((pid, signal))
        self._deliver(process, signal)
        return Sent.DELIVERED

    def send_group(self, group: int, signal: int) -> bool:
        members = [p for p in self.processes.values() if p.group == group and not p.is_reaped]
        for member in members:
            if member.pid not in self.forbidden:
                self._deliver(member, signal)
        return bool(members)

    def children(self) -> set[int]:
        return {p.pid for p in self.processes.values() if p.parent == US and not p.is_reaped}

    def descendants(self, pid: int) -> Mapping[int, int]:
        self._known(pid)
        found: dict[int, int] = {}
        for process in self.processes.values():
            if process.lives and (process.parent == pid or process.parent in found):
                found[process.pid] = process.started
        return found

    def start_time(self, pid: int) -> int | None:
        process = self._known(pid)
        return process.started if process.lives else None

    def environment(self, pid: int) -> bytes:
        process = self._known(pid)
        return process.environment if process.lives else b""

    def title(self, pid: int) -> str:
        process = self._known(pid)
        return process.title if process.lives else ""

    def limit(self, pid: int, name: str, soft: int, hard: int) -> None:
        process = self._known(pid)
        if hard != -1 and (soft > hard or soft == -1):
            raise ValueError("current limit exceeds maximum limit")
        if process.is_reaped:
            raise ProcessLookupError(3, "No such process")
        self.limits[pid, name] = (soft, hard)

    def nice(self, pid: int, value: int) -> None:
        if self._known(pid).is_reaped:
            raise ProcessLookupError(3, "No such process")
        self.nice_values[pid] = value

    def _known(self, pid: int) -> Process:
        if pid not in self.processes:
            raise Unscripted(f"nobody said anything of process {pid}")
        return self.processes[pid]

    def _deliver(self, process: Process, signal: int) -> None:
        if not process.lives or signal == 0:
            return
        process.received.append(signal)
        if signal == signals.SIGKILL:
            if not process.is_unkillable:
                self.end(process.pid, signal=signal)
            return
        if signal not in process.reactions:
            raise Unscripted(f"nobody said what process {process.pid} does at signal {signal}")
        reaction = process.reactions[signal]
        if reaction == DIES:
            self.end(process.pid, signal=signal)
        elif isinstance(reaction, int):
            self.end(process.pid, code=reaction)
