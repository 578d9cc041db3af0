"""The composition root: builds the daemon from its parts, runs it, and takes it down in order."""

import asyncio
import contextlib
import logging
import resource
import signal
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from supervisord_lite.config.program import Configuration, Rlimit
from supervisord_lite.control.commands import Commands
from supervisord_lite.control.peers import Gate
from supervisord_lite.control.pools import PoolCommands
from supervisord_lite.control.server import ControlServer
from supervisord_lite.linux import prctl
from supervisord_lite.linux.cgroup import Subtree, delegated
from supervisord_lite.linux.identity import group_id
from supervisord_lite.linux.kernel import Kernel, Linux, Reaped
from supervisord_lite.supervise.assembly import Assembler
from supervisord_lite.supervise.examination import Examiner
from supervisord_lite.supervise.host import ProcessHost
from supervisord_lite.supervise.launcher import Launcher
from supervisord_lite.supervise.logfiles import LogFiles
from supervisord_lite.supervise.news import News
from supervisord_lite.supervise.outputs import Outputs
from supervisord_lite.supervise.pools.sockets import Inherited
from supervisord_lite.supervise.pools.study import Study
from supervisord_lite.supervise.registry import Registry
from supervisord_lite.supervise.supervisor import Supervisor
from supervisord_lite.supervise.trees import CgroupTrees, GroupTrees, Trees
from supervisord_lite.systemd.journal import is_stream
from supervisord_lite.systemd.notify import Notifier

from . import check, diary, programs, stash
from .listening import ControlSocket
from .logs import StderrHandler
from .operations import Operations
from .pools import Pools
from .readiness import Readiness
from .shutdown import Shutdown, total_timeout

log = logging.getLogger(__name__)

MAX_CLIENTS = 64
"""Connections to the control socket at a time, fewer where descriptors are scarce."""


class Application:
    """The daemon, from its first program to its last."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        control: ControlSocket,
        notifier: Notifier,
        environ: Mapping[str, str],
        unit: str | None,
        handler: StderrHandler,
        inherited: Inherited,
    ) -> None:
        self._control = control
        self._stash = configuration.stash
        self._notifier = notifier
        self._unit = unit
        self._handler = handler
        self._kernel: Kernel = Linux()
        self._trees, self._has_cgroups = _trees(self._kernel)
        self._log_files = LogFiles()
        self._environ = dict(environ)
        self._inherited = inherited
        registry, news = Registry(), News()
        self._supervisor = Supervisor(self._kernel, self._trees, registry, news)
        self._host = ProcessHost(self._kernel, self._trees, self._supervisor, self._log_files)
        default = "journal" if is_stream(2, environ.get("JOURNAL_STREAM")) else "inherit"
        outputs = Outputs(default, unit or "", self._log_files)
        path = str(control.path)
        assembler = Assembler(
            self._trees,
            outputs,
            environ=environ,
            control_socket=path,
            notice_directory=control.notices,
        )
        limits = {"nofile": _raise_descriptor_limit()}
        self._supervisor.launcher = Launcher(self._kernel, assembler, self._host, limits)
        self._readiness = Readiness(registry, notifier)
        self._assembler = assembler
        study = Study(self._supervisor, self.examiner, self._readiness.look_soon)
        self._pools = Pools(self._supervisor, outputs, self, study, inherited)
        self._readiness.pools = self._pools
        self._operations = Operations(configuration, self._supervisor, environ, self, self._pools)
        self._shutdown = Shutdown(self._supervisor, self._log_files, self._pools.finish)
        self._stopping: asyncio.Event = asyncio.Event()
        pools = PoolCommands(self._pools)
        commands = Commands(self._supervisor, outputs, self._operations, self._kernel, pools)
        self._server = ControlServer(control.sock, commands, self._gate(), self._max_clients())
        news.listen(diary.write)
        news.listen(self._readiness.on_transition)

    async def run(self) -> None:
        """Run until told to stop, and return when nothing is left."""
        prctl.become_subreaper()
        asyncio.get_running_loop().set_exception_handler(_complain)
        self._handle_signals()
        self._host.watch()
        await self._server.open()
        self._readiness.watch_dog()
        self._open_pools()
        self._operations.start()
        self._pools.start()
        self._readiness.look_soon()
        await self._stopping.wait()
        self._readiness.is_stopping = True
        self._notifier.stopping()
        self._readiness.look_soon()
        await self._shutdown.run(total_timeout(self._operations.configuration.supervisor, self._supervisor))
        await self._operations.close()
        await self._supervisor.close()
        await self._server.close()
        self._log_files.close()
        self._pools.close()
        stash.clear_away(self._stash)
        self._control.close()
        log.info("supervisord-lite: stopped")

    def shut_down(self) -> None:
        """Begin an orderly stop; asked again, stop at once."""
        self._operations.is_stopping = True
        if self._stopping.is_set():
            log.warning("supervisord-lite: asked to stop again, killing what is left")
            self._shutdown.at_once()
        else:
            log.info("supervisord-lite: stopping")
            self._stopping.set()

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.shut_down)
        loop.add_signal_handler(signal.SIGHUP, self._operations.reread_unasked)
        loop.add_signal_handler(signal.SIGUSR1, self._reopen_logs)
        loop.add_signal_handler(signal.SIGTTIN, self._pools.scale_default, 1)
        loop.add_signal_handler(signal.SIGTTOU, self._pools.scale_default, -1)

    def _open_pools(self) -> None:
        """Sockets and stash are there before anything is started that may want them."""
        configuration = self._operations.configuration
        usable = stash.prepare(self._stash, configuration.supervisor)
        self._pools.listen(configuration, self._stash if usable else None)
        for name in self._inherited:
            log.warning("supervisord-lite: the socket %s that systemd passed is not used", name)
        self.tell_programs()

    def tell_programs(self) -> None:
        """Programs that are started from now on find the pools that there are."""
        self._assembler.shared = self._pools.environment()

    def _reopen_logs(self) -> None:
        self._log_files.reopen()
        log.info("supervisord-lite: reopening log files")

    def facts(self) -> dict[str, Any]:
        state = "stopping" if self._stopping.is_set() else "running"
        zygote = self._supervisor.programs.find(programs.ZYGOTE)
        return {
            "control_socket": str(self._control.path),
            "state": state if self._readiness.is_ready.is_set() else "starting",
            "status": self._readiness.sentence(),
            "unit": self._unit,
            "systemd": self._notifier.is_listened_to,
            "cgroups": self._has_cgroups,
            "generation": zygote.generation if zygote is not None else None,
            "log_dropped": self._handler.dropped,
        }

    @contextlib.contextmanager
    def reloading(self) -> Iterator[None]:
        """systemd shows the service as reloading inside; before it was ready there is nothing to show."""
        shown = self._readiness.is_ready.is_set()
        if shown:
            self._notifier.reloading()
        try:
            yield
        finally:
            if shown:
                self._notifier.ready()

    def examiner(self) -> Examiner | None:
        """Who tries user code out; None while there is no spawner."""
        spawner = self._supervisor.programs.find(programs.SPAWNER)
        if spawner is None or spawner.serves is None:
            return None
        return Examiner(spawner.serves, self._environ, check.DEADLINE, self.is_unclaimed)

    def expect(self, pid: int) -> asyncio.Future[Reaped]:
        """How this child, which is no program's, will have ended."""
        return self._host.reaper.expect(pid)

    def is_unclaimed(self, pid: int) -> bool:
        """Whether this is a child of the daemon that is no program's main process."""
        return self._kernel.is_child(pid) and not self._host.knows(pid)

    def retain_logs(self, paths: Collection[str]) -> None:
        """These are the log files of the configuration now in force."""
        self._log_files.retain(paths)

    def _gate(self) -> Gate:
        group = self._operations.configuration.supervisor.control_socket_group
        return Gate(group_id(group) if group is not None else None)

    def _max_clients(self) -> int:
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return max(4, min(MAX_CLIENTS, soft // 4))


def _trees(kernel: Kernel) -> tuple[Trees, bool]:
    """Control groups where systemd delegated one to this process, else process groups and adoption."""
    root = delegated()
    if root is not None:
        subtree = Subtree(root)
        try:
            subtree.settle()
            return CgroupTrees(subtree), True
        except OSError as error:
            log.warning("supervisord-lite: cannot use the delegated control group %s: %s", root, error)
    return GroupTrees(kernel), False


def _complain(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What went wrong in a callback: a sentence where the system is to blame, else a traceback."""
    error = context.get("exception")
    if isinstance(error, OSError):
        log.error("supervisord-lite: %s: %s", context["message"], error.strerror)
    else:
        loop.default_exception_handler(context)


def _raise_descriptor_limit() -> Rlimit:
    """Let this process have as many descriptors as it may; returns the limit it had, for programs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return Rlimit(soft, hard)
