"""A worker of a pool as a plain process, and the arbiter's end of its backstage, moved by the test."""

import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from supervisord_lite.linux import sealed
from supervisord_lite.wire import backstage, envelope, header, layout, tlv, values
from supervisord_lite.wire.backstage import CONTROL, LANE, Cancel, Hello
from supervisord_lite.wire.header import BY_FD, HEADER, MAGIC, V1, V2
from tests.integration.process import DEADLINE, Lines

ROOT = Path(__file__).parents[3]
APPS = "tests.integration.pools.worker_apps"


class Connection:
    """One connection of the worker, read message by message."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        sock.settimeout(DEADLINE)
        self._data = b""
        self.fds: list[int] = []

    def _fill(self, size: int) -> bool:
        while len(self._data) < size:
            data, control, _, _ = self.sock.recvmsg(1 << 20, socket.CMSG_SPACE(64), socket.MSG_CMSG_CLOEXEC)
            for _, _, payload in control:
                self.fds += array("i", payload)
            if not data:
                assert not self._data, f"half a message: {self._data!r}"
                return False
            self._data += data
        return True

    def read(self) -> tuple[int, int, int, bytes] | None:
        """Version, type, id and payload of the next message; None at end of file."""
        try:
            if not self._fill(HEADER.size):
                return None
        except ConnectionResetError:
            return None
        magic, version, kind, length, number = HEADER.unpack(self._data[: HEADER.size])
        assert magic == MAGIC
        self._fill(HEADER.size + length)
        payload, self._data = (
            self._data[HEADER.size : HEADER.size + length],
            self._data[HEADER.size + length :],
        )
        return version, kind, number, payload

    def send(self, version: int, kind: int, number: int, payload: bytes = b"", fds: list[int] = ()) -> None:  # type: ignore[assignment]
        data = HEADER.pack(MAGIC, version, kind, len(payload), number) + payload
        if fds:
            sent = socket.send_fds(self.sock, [data], fds)
            data = data[sent:]
        self.sock.sendall(data)

    def word(self) -> object:
        """The next word on a control connection."""
        message = self.read()
        assert message is not None, "end of file instead of a word"
        assert message[:2] == (V2, header.WORD)
        return backstage.decode_from_worker(message[3])

    def cancel(self, number: int) -> None:
        self.send(V2, header.WORD, 0, backstage.encode(Cancel(number)))

    def is_silent(self) -> bool:
        """Whether nothing is there to be read now."""
        return not self._data and not select.select([self.sock], [], [], 0)[0]

    def request(self, number: int, app: str, action: str, *args: object, **more: object) -> None:
        """A call of version 2, of an app of `worker_apps`."""
        kwargs = more.pop("kwargs", {})
        pack, _ = values.codec(more.get("serializer", envelope.MSGPACK))  # type: ignore[arg-type]
        packed = pack([list(args), kwargs])
        where = app if ":" in app else f"{APPS}:{app}"
        if packed.buffers or more.pop("by_fd", False):
            fd = sealed.write(layout.join(packed))
            request = envelope.Request(where, action, None, **more)  # type: ignore[arg-type]
            self.send(V2, header.REQUEST | BY_FD, number, envelope.encode(request), [fd])
            os.close(fd)
        else:
            request = envelope.Request(where, action, packed.document, **more)  # type: ignore[arg-type]
            self.send(V2, header.REQUEST, number, envelope.encode(request))

    def request_v1(self, number: int, app: str, action: str, *args: object, **kwargs: object) -> None:
        """A call of version 1."""
        asked = {"app_path": f"{APPS}:{app}", "action": action, "args": list(args), "kwargs": kwargs}
        self.send(V1, header.REQUEST, number, tlv.encode(asked))

    def answer(self) -> tuple[int, int, object]:
        """Type (without `BY_FD`), id and value of the next message."""
        message = self.read()
        assert message is not None, "end of file instead of an answer"
        version, kind, number, payload = message
        if kind == header.END:
            assert payload == b""
            return kind, number, None
        if version == V1:
            (value,) = tlv.decode(payload).values()
        elif kind & BY_FD:
            assert payload == b""
            value = values.unpack(*layout.parse(sealed.read(self.fds.pop(0), 1 << 30)))
        elif kind == header.ERROR:
            value = envelope.decode_failure(payload)
        else:
            value = values.unpack(payload)
        return kind & ~BY_FD, number, value

    def call(self, app: str, action: str, *args: object, **more: object) -> object:
        """Request and result."""
        self.request(0, app, action, *args, **more)
        kind, number, value = self.answer()
        assert (kind, number) == (header.RESPONSE, 0), value
        return value

    def error(self, number: int) -> envelope.Failure:
        """The failure that ends the call of this number."""
        kind, found, value = self.answer()
        assert (kind, found) == (header.ERROR, number), value
        assert isinstance(value, envelope.Failure)
        return value

    def chunks(self, number: int) -> list[list[object]]:
        """The chunk messages of a stream up to its end."""
        found = []
        while True:
            kind, for_call, value = self.answer()
            assert for_call == number
            if kind == header.END:
                return found
            assert kind == header.CHUNK, value
            found.append(value)

    def half_close(self) -> None:
        self.sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.sock.close()
        for fd in self.fds:
            os.close(fd)


class Backstage:
    """The socket that the worker connects to; who listens on it may change, as arbiters do."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "backstage"
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listening.bind(str(self.path))
        self.listening.listen(64)
        self.listening.settimeout(DEADLINE)
        self.connections: list[Connection] = []

    def accept(self) -> tuple[Hello, Connection]:
        """The next connection and its hello."""
        connection = Connection(self.listening.accept()[0])
        self.connections.append(connection)
        message = connection.read()
        assert message is not None
        assert message[:2] == (V2, header.HELLO)
        return backstage.decode_hello(message[3]), connection

    def control(self) -> Connection:
        hello, connection = self.accept()
        assert hello.role == CONTROL
        return connection

    def lane(self) -> Connection:
        hello, connection = self.accept()
        assert hello.role == LANE
        return connection

    def close(self) -> None:
        self.listening.close()
        for connection in self.connections:
            connection.close()


class WorkerProcess:
    """The worker, with its standard error, its notifications and what its apps tell."""

    def __init__(self, directory: Path, *apps: str, **orders: object) -> None:
        self.directory = directory
        self.backstage = Backstage(directory)
        self.errors = Lines()
        self.news = directory / "news"
        os.mkfifo(self.news)
        self._news = os.fdopen(os.open(self.news, os.O_RDWR | os.O_CLOEXEC))
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(directory / "notify"))
        self._notify.settimeout(DEADLINE)
        self.env = {
            **os.environ,
            "NEWS": str(self.news),
            "NOTIFY_SOCKET": str(directory / "notify"),
            "PYTHONPATH": str(ROOT),
            "SUPERVISOR_WORKER": json.dumps(
                {
                    "pool": "dirty",
                    "name": "dirty:1",
                    "age": 1,
                    "apps": [app if ":" in app else f"{APPS}:{app}" for app in apps],
                    "threads": 1,
                    "backstage": str(self.backstage.path),
                    **orders,
                }
            ),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "WorkerProcess":
        code = "from supervisord_lite.pool.worker import main; main()"
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-u", "-c", code],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=self.errors.fd,
            stderr=self.errors.fd,
            cwd=self.directory,
        )
        self.errors.hand_over()
        return self

    def serve(self, lanes: int = 1) -> tuple[Connection, list[Connection]]:
        """Be its arbiter until its lanes are open."""
        control = self.backstage.control()
        while control.word().app is not None:  # type: ignore[attr-defined]
            pass
        return control, [self.backstage.lane() for _ in range(lanes)]

    def told(self) -> str:
        """The next line that an app tells."""
        assert select.select([self._news], [], [], DEADLINE)[0], self.errors.text()
        return self._news.readline().rstrip("\n")

    def notified(self, wanted: str) -> str:
        """Wait for a notification that contains this."""
        while True:
            datagram = self._notify.recv(4096).decode()
            if wanted in datagram:
                return datagram

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def ends(self) -> int:
        assert self.process is not None
        status = self.process.wait(DEADLINE)
        self.errors.join()
        return status

    def stop(self) -> None:
        """After a test, whatever became of it."""
        self.backstage.close()
        self._notify.close()
        self._news.close()
        if self.process is None:
            self.errors.hand_over()
        else:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        self.errors.join()


def credentials(connection: Connection) -> int:
    """The pid at the other end."""
    pid, _, _ = struct.unpack("iII", connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(pid)


@pytest.fixture
def new_worker(directory: Path) -> Iterator[Callable[..., WorkerProcess]]:
    """Makes workers of the given apps, not started yet; after the test they are gone."""
    made: list[WorkerProcess] = []

    def make(*apps: str, **orders: object) -> WorkerProcess:
        own = directory / f"w{len(made)}"
        own.mkdir()
        made.append(WorkerProcess(own, *apps, **orders))
        return made[-1]

    yield make
    for worker in made:
        worker.stop()
