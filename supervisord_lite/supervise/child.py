"""One process of a program, from the fork to the end of its tree: dropping the record is the cleanup."""

import asyncio
import socket
from collections.abc import Callable

from supervisord_lite.linux.cgroup import Cgroup
from supervisord_lite.linux.kernel import Reaped
from supervisord_lite.model.exits import Exit
from supervisord_lite.model.life import Life
from supervisord_lite.model.policy import Policy
from supervisord_lite.wire.reports import Failed, FromChild, Reader, ReportError, SetUp

from .notices import NoticeSocket

AT_A_TIME = 16
"""Reads before others are served: one that floods its channel holds nobody up."""


class Child:
    """A registered process. `born` and `died` are monotonic seconds, `cookie` marks everything it starts."""

    def __init__(
        self,
        pid: int,
        born: float,
        cookie: str,
        channel: socket.socket | None,
        cgroup: Cgroup | None,
        generation: int | None = None,
    ) -> None:
        self.pid = pid
        self.born = born
        self.died: float | None = None
        self.cookie = cookie
        self.cgroup = cgroup
        self.generation = generation
        """Of the zygote that it was forked from; None of what was executed."""
        self.error: str | None = None
        """Why it could not become what it was to be."""
        self.reaped: Reaped | None = None
        self._peak_memory: int | None = None
        self.known_tree: dict[int, int] = {}
        """Processes seen below it, by pid, each with its start time."""
        self.channel = channel
        """Where it says how far it came; None once it has said all."""
        self.on_hangup: Callable[[], None] | None = None
        """Called when nothing more will be heard from it, whoever finds that out."""
        self.notices: NoticeSocket | None = None
        self._reader = Reader[FromChild](FromChild)  # type: ignore[arg-type]
        if channel is not None:
            channel.setblocking(False)

    def __repr__(self) -> str:
        return f"<Child {self.pid} of {self.cookie}>"

    def bury(self, reaped: Reaped, now: float) -> None:
        """Its main process has been reaped; its control group is still there to ask."""
        self.reaped = reaped
        self.died = now
        self._peak_memory = self.cgroup.peak_memory() if self.cgroup is not None else None

    def hear(self) -> FromChild | None:
        """Take what it has said so far. Remembers a failure; returns the latest good news.

        End of file closes the channel, and counts as `SetUp`: a command that was executed says no more.
        """
        news: FromChild | None = None
        for _ in range(AT_A_TIME):
            if self.channel is None:
                break
            try:
                data = self.channel.recv(65536)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self.close()
                return news or (SetUp() if self.error is None else None)
            for message in self._understand(data):
                if isinstance(message, Failed):
                    self.error = message.error
                else:
                    news = message
        return news

    def _understand(self, data: bytes) -> list[FromChild]:
        try:
            return self._reader.feed(data)
        except ReportError as error:
            self.close()
            return [Failed(f"its process said what is {error}")]

    def forget(self) -> None:
        """Nothing is left of it: take what it said last, and close what was open for it."""
        self.hear()
        self.close()
        if self.notices is not None:
            self.notices.drain()
            self.notices.close()
            self.notices = None

    def close(self) -> None:
        """Hang up. The channel is taken out of the event loop before it is closed."""
        if self.channel is not None:
            asyncio.get_running_loop().remove_reader(self.channel)
            self.channel.close()
            self.channel = None
            if self.on_hangup is not None:
                self.on_hangup()

    def exit(self, life: Life, policy: Policy, said: str = "") -> Exit:
        """How it ended, after it has been reaped; `said` is what it said about that."""
        assert self.reaped is not None
        assert self.died is not None
        reaped = self.reaped
        failed = self.error is not None
        return Exit(
            code=None if failed else reaped.code,
            signal=None if failed else reaped.signal,
            error=self.error,
            core=reaped.core,
            pid=self.pid,
            cause=life.cause,
            was_ready=life.ready_at is not None,
            ready_key=policy.ready_key,
            why=life.why or said,
            killed=life.killed,
            user_cpu=reaped.user_cpu,
            system_cpu=reaped.system_cpu,
            peak_memory=reaped.peak_memory if self._peak_memory is None else self._peak_memory,
            uptime=self.died - self.born,
        )
