"""A real arbiter process; the daemon, the workers and the clients around it are sockets moved by the test."""

import array
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from supervisord_lite.linux import sealed
from supervisord_lite.pool.arbiter.settings import blank
from supervisord_lite.wire import backstage, envelope, header, layout, tlv, values
from supervisord_lite.wire.backstage import Gone, Hello, Roster, RosterEntry, Serving, Settings
from supervisord_lite.wire.header import BY_FD, HEADER, MAGIC, V1, V2
from tests.integration.process import DEADLINE, Lines

ROOT = Path(__file__).parents[3]
APP = "shop:App"
OTHER = "shop:Other"

EXEC = """
import os, sys
for at, fd in enumerate([os.dup2(int(fd), 20 + at) for at, fd in enumerate(sys.argv[1:3])]):
    os.dup2(fd, 3 + at)
os.execv(sys.executable, [sys.executable, "-P", "-m", "supervisord_lite.pool.arbiter", "dirty"])
"""


PARENT = """
import signal, subprocess, sys
from pathlib import Path
from tests.integration.pools.arbiter import EXEC, Daemon, configured
fds = sys.argv[2:]
subprocess.Popen([sys.executable, "-c", EXEC, *fds], pass_fds=list(map(int, fds)))
daemon = Daemon(Path(sys.argv[1]))
daemon.say(configured())
signal.pause()
"""


class Message(msgspec.Struct):
    """One message as it came."""

    version: int
    kind: int
    id: int
    payload: bytes
    fd: int = -1

    def value(self) -> Any:
        """What is in it."""
        if self.kind & BY_FD:
            fd, self.fd = self.fd, -1
            return values.unpack(*layout.parse(sealed.read(fd, 2**30)))
        if self.version == V1:
            return tlv.decode(self.payload)
        return values.unpack(self.payload)

    def failure(self) -> envelope.Failure:
        """What went wrong."""
        assert self.kind == header.ERROR, self
        if self.version == V1:
            return msgspec.convert(tlv.decode(self.payload)["error"], envelope.Failure)
        return envelope.decode_failure(self.payload)


class Peer:
    """One connection to the arbiter; every wait on it has a deadline."""

    def __init__(self, path: Path) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(str(path))
        self._data = b""
        self._fds: list[int] = []

    def send(self, version: int, kind: int, number: int, payload: bytes = b"", fd: int = -1) -> None:
        """Send one message."""
        data = HEADER.pack(MAGIC, version, kind, len(payload), number) + payload
        if fd >= 0:
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))
            data = data[self.sock.sendmsg([data], [rights]) :]
        if data:
            self.sock.sendall(data)

    def read(self) -> Message | None:
        """The next message, or None at the end."""
        if not self._fill(HEADER.size):
            return None
        _, version, kind, length, number = HEADER.unpack_from(self._data)
        assert self._fill(HEADER.size + length)
        payload = self._data[HEADER.size : HEADER.size + length]
        self._data = self._data[HEADER.size + length :]
        return Message(version, kind, number, payload, self._fds.pop(0) if kind & BY_FD else -1)

    def receive(self) -> Message:
        """The next message."""
        message = self.read()
        assert message is not None, "end of file instead of a message"
        return message

    def _fill(self, size: int) -> bool:
        while len(self._data) < size:
            try:
                data, control, _, _ = self.sock.recvmsg(2**20, socket.CMSG_SPACE(16), socket.MSG_CMSG_CLOEXEC)
            except ConnectionResetError:
                return False
            for _, _, fds in control:
                self._fds += array.array("i", fds)
            if not data:
                return False
            self._data += data
        return True

    def is_at_end(self) -> bool:
        """Wait for the end of file; nothing may come before it."""
        return self.read() is None

    def close(self) -> None:
        """Hang up."""
        self.sock.close()
        for fd in self._fds:
            os.close(fd)


class Client(Peer):
    """A client of the pool."""

    def ask(self, action: str = "work", *args: Any, app: str = APP, number: int = 1, **more: Any) -> None:
        """Send a request of version 2."""
        document = values.pack([list(args), {}], inline=True).document
        request = envelope.Request(app, action, memoryview(document), **more)
        self.send(V2, header.REQUEST, number, envelope.encode(request))

    def ask_v1(self, action: str = "work", *args: Any, app: str = APP, number: int = 1) -> None:
        """Send a request as gunicorn's client does."""
        asked = {"app_path": app, "action": action, "args": list(args), "kwargs": {}}
        self.send(V1, header.REQUEST, number, tlv.encode(asked))

    def ask_by_fd(self, *args: Any, number: int = 1) -> None:
        """Send a request whose body is in a memfd."""
        fd = sealed.write(layout.join(values.pack([list(args), {}])))
        self.send(V2, header.REQUEST | BY_FD, number, envelope.encode(envelope.Request(APP, "work")), fd)
        os.close(fd)


class Lane(Peer):
    """One thread of a worker."""

    def take(self) -> Message:
        """The next call."""
        message = self.receive()
        assert message.kind & ~BY_FD == header.REQUEST
        return message

    def answer(self, call: Message, value: Any = None) -> None:
        """End the call with a result."""
        document = values.pack(value, inline=True).document
        payload = tlv.encode({"result": value}) if call.version == V1 else document
        self.send(call.version, header.RESPONSE, call.id, payload)

    def answer_by_fd(self, call: Message, value: Any, kind: int = header.RESPONSE) -> None:
        """The same, in a memfd."""
        fd = sealed.write(layout.join(values.pack(value)))
        self.send(V2, kind | BY_FD, call.id, b"", fd)
        os.close(fd)

    def chunk(self, call: Message, *chunks: Any) -> None:
        """Send some chunks, in one message in version 2."""
        if call.version == V2:
            self.send(V2, header.CHUNK, call.id, values.pack(list(chunks), inline=True).document)
        for chunk in chunks if call.version == V1 else ():
            self.send(V1, header.CHUNK, call.id, tlv.encode({"data": chunk}))

    def end(self, call: Message) -> None:
        """End a stream."""
        self.send(call.version, header.END, call.id)


class Worker:
    """A worker that does what the test does."""

    def __init__(self, path: Path, name: str, *apps: str, threads: int = 1) -> None:
        self.name = name
        self.apps = apps
        self.threads = threads
        self.path = path
        self.lanes: list[Lane] = []
        self.control = Peer(path)
        self.hello(self.control, backstage.CONTROL)

    def hello(self, peer: Peer, role: str) -> None:
        """Say what a connection is."""
        hello = Hello(role, self.name, os.getpid(), self.apps, self.threads)
        peer.send(V2, header.HELLO, 0, backstage.encode(hello))

    def open_lanes(self) -> "Worker":
        """`init()` has finished."""
        for _ in range(self.threads):
            self.lanes.append(Lane(self.path))
            self.hello(self.lanes[-1], backstage.LANE)
        return self

    @property
    def lane(self) -> Lane:
        """Its only one."""
        (lane,) = self.lanes
        return lane

    def say(self, word: Any) -> None:
        """On the control connection."""
        self.control.send(V2, header.WORD, 0, backstage.encode(word))

    def heard(self) -> Any:
        """The next word from the arbiter."""
        return backstage.decode_to_worker(self.control.receive().payload)

    def die(self) -> None:
        """All its connections end."""
        for peer in [self.control, *self.lanes]:
            peer.close()


class Daemon(Peer):
    """The daemon's connection."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        hello = Hello(backstage.DAEMON, "daemon", os.getpid())
        self.send(V2, header.HELLO, 0, backstage.encode(hello))

    def say(self, word: Any) -> None:
        """Send one word."""
        self.send(V2, header.WORD, 0, backstage.encode(word))

    def heard(self) -> Any:
        """The next word from the arbiter."""
        return backstage.decode_from_arbiter(self.receive().payload)

    def ask(self) -> backstage.Report:
        """How the pool is."""
        self.say(backstage.Ask(1))
        report = self.heard()
        assert isinstance(report, backstage.Report)
        return report


class Pool:
    """The arbiter's process with its two sockets, which outlive it."""

    def __init__(self, directory: Path) -> None:
        self.public = directory / "public"
        self.backstage = directory / "backstage"
        self._listening = [self._listen(self.public), self._listen(self.backstage)]
        self._peers: list[Peer | Worker] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        self.errors = Lines()
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(directory / "notify"))
        self._notify.settimeout(DEADLINE)

    @staticmethod
    def _listen(path: Path) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.bind(str(path))
        sock.listen(1024)
        return sock

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The latest."""
        return self._processes[-1]

    def start(self, **limits: Any) -> None:
        """Start the process; it serves nobody yet."""
        self._start([EXEC], **limits)

    def start_under_another(self) -> None:
        """Start it as the child of another process, which is its daemon; `kill` kills that one."""
        self._start([PARENT, str(self.backstage)], cwd=ROOT)

    def _start(self, code: list[str], **limits: Any) -> None:
        fds = [sock.fileno() for sock in self._listening]
        self._processes.append(
            subprocess.Popen(
                [sys.executable, "-c", *code, *map(str, fds)],
                pass_fds=fds,
                stderr=self.errors.fd,
                env={
                    **os.environ,
                    "NOTIFY_SOCKET": self._notify.getsockname(),
                    "LISTEN_FDNAMES": "public:backstage",
                },
                **limits,
            )
        )

    def daemon(self, *workers: RosterEntry, **settings: Any) -> Daemon:
        """Connect as the daemon, and say how the pool is to be; the roster only where one is given."""
        daemon = Daemon(self.backstage)
        self._peers.append(daemon)
        daemon.say(configured(**settings))
        if workers:
            daemon.say(Roster(workers))
        assert daemon.heard() == Serving()
        return daemon

    def serve(self, *workers: RosterEntry, **settings: Any) -> Daemon:
        """Start it, and let it serve."""
        self.start()
        return self.daemon(*workers, **settings)

    def client(self) -> Client:
        """A new client."""
        self._peers.append(client := Client(self.public))
        return client

    def worker(self, name: str = "dirty:1", *apps: str, threads: int = 1) -> Worker:
        """A worker that is ready."""
        worker = self.initialising(name, *apps, threads=threads).open_lanes()
        self.errors.expect(f"worker {name} .* is ready", sum(one.name == name for one in self.workers))
        return worker

    @property
    def workers(self) -> list[Worker]:
        """All there were."""
        return [peer for peer in self._peers if isinstance(peer, Worker)]

    def initialising(self, name: str = "dirty:1", *apps: str, threads: int = 1) -> Worker:
        """A worker in its `init()`."""
        self._peers.append(worker := Worker(self.backstage, name, *(apps or (APP,)), threads=threads))
        return worker

    def notified(self) -> str:
        """The next notification."""
        return self._notify.recv(4096).decode()

    def kill(self) -> None:
        """The arbiter dies."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """After a test: nothing is left."""
        for peer in self._peers:
            (peer.die if isinstance(peer, Worker) else peer.close)()
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(DEADLINE)
            if process.poll() is None:
                process.kill()
                process.wait()
        self.errors.hand_over()
        self.errors.join()
        self._notify.close()
        for sock in self._listening:
            sock.close()
        assert not self.errors.found("fault in the arbiter"), self.errors.text()


def configured(**settings: Any) -> Settings:
    """Settings of a pool with two apps."""
    given = {"apps": (APP, OTHER), "max_queue": 1000, "timeout": 300.0, **settings}
    return msgspec.structs.replace(blank("dirty"), **given)


def up(name: str, *apps: str, state: str = "RUNNING", **more: Any) -> RosterEntry:
    """One line of a roster."""
    return RosterEntry(name, os.getpid(), apps or (APP,), state, **more)


def ended(name: str, how: str) -> Gone:
    """A worker's end."""
    return Gone(name, os.getpid(), how)


def who_is_called(lanes: Iterable[Lane]) -> Lane:
    """The first of these to have a call to read."""
    by_socket = {lane.sock: lane for lane in lanes}
    readable, _, _ = select.select(list(by_socket), [], [], DEADLINE)
    return by_socket[readable[0]]


@pytest.fixture
def pool(directory: Path) -> Iterator[Pool]:
    """A pool whose arbiter is not started yet."""
    pool = Pool(directory)
    yield pool
    pool.close()
