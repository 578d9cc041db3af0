"""What one process needs, opened and ready to be handed over: streams, sockets, identity, environment."""

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from supervisord_lite.config.program import Program
from supervisord_lite.linux.cgroup import Cgroup
from supervisord_lite.linux.identity import Account, account
from supervisord_lite.systemd.notify import Notice
from supervisord_lite.wire.orders import CALL, EXEC, Setup

from . import environment, handing
from .handing import Handed
from .notices import NoticeSocket
from .outputs import Outputs
from .program import Supervised
from .trees import Trees


class Assembly:
    """Everything for one process. What has not been taken out by the time it is closed is closed with it."""

    def __init__(self) -> None:
        self.open = ExitStack()
        self.handed: list[Handed] = []
        """What becomes descriptor 0, 1, 2 … of the process."""
        self.env: dict[str, str] = {}
        self.account: Account | None = None
        self.cgroup: Cgroup | None = None
        self.birthplace: int | None = None
        """The directory of the group that the process is born into, where its fork server may do that."""
        self.serving: socket.socket | None = None
        """The daemon's end of a fork server's socket."""
        self.notices: NoticeSocket | None = None
        self.errors_prefixed = False

    def __enter__(self) -> "Assembly":
        return self

    def __exit__(self, *_: object) -> None:
        self.open.close()
        if self.notices is not None:
            self.notices.close()
        if self.serving is not None:
            self.serving.close()

    def take_notices(self) -> NoticeSocket | None:
        """The process is there: its notices are its record's to close."""
        taken, self.notices = self.notices, None
        return taken

    def take_serving(self) -> socket.socket | None:
        """The process is there: the fork server's socket is its connection's to close."""
        taken, self.serving = self.serving, None
        return taken

    def setup(self, program: Program, identity: Account | None) -> Setup:
        """The message that tells the process who it is to be; `identity` None: it is that already."""
        launch = program.launch
        command = launch.command
        return Setup(
            EXEC if command is not None else CALL,
            command if command is not None else (launch.target or "",),
            title=f"{environment.TITLE}{program.name} [{launch.target}]",
            daemon=os.getpid(),
            env=self.env,
            identity=(identity.uid, identity.gid, identity.groups) if identity is not None else None,
            cwd=launch.cwd,
            umask=launch.umask,
            errors_prefixed=self.errors_prefixed,
        )


class Assembler:
    """Gets a process what it needs. `environ` is the daemon's own environment."""

    def __init__(
        self,
        trees: Trees,
        outputs: Outputs,
        *,
        environ: Mapping[str, str],
        control_socket: str,
        notice_directory: Path,
    ) -> None:
        self.outputs = outputs
        self.shared: dict[str, str] = {}
        """What every program finds in its environment, by the configuration in force."""
        self._trees = trees
        self._environ = environment.inherited(environ)
        self._control_socket = control_socket
        self._notice_directory = notice_directory

    def assemble(self, program: Supervised, on_notice: Callable[[Notice], None]) -> Assembly:
        """Raises `OSError` or `UnknownAccount`, and then nothing stays open."""
        assembly = Assembly()
        with ExitStack() as failing:
            failing.push(assembly)
            self._fill(assembly, program, on_notice)
            failing.pop_all()
        return assembly

    def _fill(self, assembly: Assembly, program: Supervised, on_notice: Callable[[Notice], None]) -> None:
        definition = program.definition
        launch = definition.launch
        if launch.user is not None or launch.group is not None:
            assembly.account = account(launch.user, launch.group)
        who = assembly.account
        owner = (who.uid, who.gid) if who is not None else None
        stdio = self.outputs.open(launch, program.plan.identifier, owner)
        assembly.open.callback(stdio.close)
        assembly.handed = [*handing.streams(stdio.fds), *program.handed]
        assembly.env = environment.compose(
            {**self._environ, **self.shared}, definition, who, self._control_socket
        )
        assembly.env.update(program.surroundings())
        assembly.env.update(handing.listening(program.handed))
        if stdio.journal_stream is not None:
            assembly.env["JOURNAL_STREAM"] = stdio.journal_stream
            assembly.errors_prefixed = True
        if launch.notify:
            uid = who.uid if who is not None else None
            assembly.notices = NoticeSocket(self._notice_path(definition.name), uid, on_notice)
            assembly.env["NOTIFY_SOCKET"] = str(assembly.notices.path)
        if program.plan.service is not None:
            self._serve(assembly)
        assembly.cgroup = self._trees.plant(definition.name)
        if assembly.cgroup is None:
            return
        if not program.plan.is_called:
            assembly.birthplace = assembly.cgroup.open_directory()
            assembly.open.callback(os.close, assembly.birthplace)

    def _notice_path(self, name: str) -> Path:
        self._notice_directory.mkdir(mode=0o711, exist_ok=True)
        return self._notice_directory / name

    def _serve(self, assembly: Assembly) -> None:
        ours, theirs = socket.socketpair()
        assembly.serving = ours
        assembly.open.callback(theirs.close)
        assembly.handed.append(Handed(handing.LINK, theirs.fileno()))
