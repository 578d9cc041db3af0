"""What happens to processes, turned into events of the programs they belong to."""

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Mapping

from supervisord_lite.linux.kernel import Kernel
from supervisord_lite.model.events import Ended, Extend, Launched, Leaving, Ping, Ready, Trip
from supervisord_lite.model.states import Cause
from supervisord_lite.systemd.notify import Notice
from supervisord_lite.wire.reports import PreloadFailed, Prepared
from supervisord_lite.zygote.server import ForkServer

from .child import Child
from .logfiles import LogFiles
from .plan import Service
from .program import Supervised
from .reaper import Reaper
from .supervisor import Supervisor
from .trees import Trees

log = logging.getLogger(__name__)


LAST_MOMENT = 0.5
"""Seconds that a fork server has to end by itself once it has hung up."""


class ProcessHost:
    """Listens to launches, ends, fork servers and notices, and feeds the supervisor."""

    def __init__(self, kernel: Kernel, trees: Trees, supervisor: Supervisor, log_files: LogFiles) -> None:
        self._kernel = kernel
        self._supervisor = supervisor
        self._log_files = log_files
        self.reaper = Reaper(kernel, trees, self.ended)

    def knows(self, pid: int) -> bool:
        """Whether this is the main process of some program already."""
        return self.reaper.knows(pid)

    def registered(self, program: Supervised, child: Child) -> None:
        """Its process exists."""
        program.child = child
        program.started_at = time.time()
        program.launches += 1
        program.status_text = None
        self.reaper.register(program, child)
        program.changed()

    def launched(self, program: Supervised, child: Child) -> None:
        """Its process works; one that ended meanwhile, or belongs to the past, changes nothing."""
        if program.child is child and child.reaped is None:
            self._supervisor.feed(program, Launched())
            if child.notices is not None:
                child.notices.listen()

    def noticed(self, program: Supervised, notice: Notice) -> None:
        """It spoke through its NOTIFY_SOCKET."""
        if notice.status is not None:
            program.status_text = notice.status
            program.changed()
        if notice.extend is not None:
            self._supervisor.feed(program, Extend(notice.extend))
        if notice.ready:
            self._supervisor.feed(program, Ready())
        if notice.alive:
            self._supervisor.feed(program, Ping())
        if notice.trip:
            self._supervisor.feed(program, Trip())
        if notice.stopping:
            self._supervisor.feed(program, Leaving())

    def ended(self, program: Supervised, child: Child) -> None:
        """Nothing is left of its process and what that started."""
        child.forget()
        if program.child is not child:
            return
        ended = child.exit(program.life, program.definition.policy, self._last_words(program))
        program.child = None
        if program.serves is not None:
            program.serves.lose()
            program.serves = None
        if program.plan.service is Service.LOGS:
            self._log_files.disconnect()
        self._supervisor.feed(program, Ended(ended))

    def _last_words(self, program: Supervised) -> str:
        """What it said of itself, where that may explain why it never was ready."""
        is_own_end = program.life.cause in (None, Cause.READY_TIMEOUT)
        return program.status_text or "" if program.life.ready_at is None and is_own_end else ""

    def serves(self, program: Supervised, sock: socket.socket, env: Mapping[str, str]) -> None:
        """It is one of the daemon's own: this is the daemon's end of the socket between them."""
        if program.plan.service is Service.LOGS:
            self._log_files.connect(sock)
        else:
            self._connect(program, sock, env)

    def _connect(self, program: Supervised, sock: socket.socket, env: Mapping[str, str]) -> None:
        """It is a fork server. Every process of it is a new generation."""
        child = program.child

        def on_news(news: Prepared | PreloadFailed) -> None:
            if program.child is not child or child is None:
                return
            if isinstance(news, PreloadFailed):
                child.error = news.error
                return
            for warning in news.warnings:
                log.warning("%s: %s", program.name, warning)
            if program.plan.preloads:
                log.info("%s: preloaded in %.1fs", program.name, news.seconds)
            self.launched(program, child)
            self._supervisor.feed(program, Ready())

        def on_lost() -> None:
            # It ended, and will be reaped in a moment; or it hangs, and has to end.
            asyncio.get_running_loop().call_later(LAST_MOMENT, end)

        def end() -> None:
            if program.child is child and child is not None and child.reaped is None:
                self._kernel.send(child.pid, signal.SIGKILL)

        program.serves = ForkServer(sock, on_news, on_lost, env, program.launches)

    def watch(self) -> None:
        """Reap at every SIGCHLD, and once now for what ended before."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self.reaper.collect)
        self.reaper.collect()
