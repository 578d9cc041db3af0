"""A control socket in this process, with commands that do as the test says, and clients of it."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

from supervisord_lite.control import requests as r
from supervisord_lite.control.server import ControlServer
from supervisord_lite.control.subscription import Subscription
from supervisord_lite.supervise.news import News

BIG = "x" * 200_000


class WatchedSubscription(Subscription):
    """One that says when nobody listens any more."""

    def __init__(self, news: News, past: int, left: asyncio.Event) -> None:
        super().__init__(news, past, None)
        self._left = left

    def __exit__(self, *why: Any) -> None:
        super().__exit__(*why)
        self._left.set()


class FakeCommands:
    """Answers at once, except `wait`, which waits for `released`. `plan` is long, `check` is a bug."""

    def __init__(self) -> None:
        self.asked: list[r.Request] = []
        self.cancelled: list[r.Request] = []
        self.released = asyncio.Event()
        self.waiting = asyncio.Event()
        self.left = asyncio.Event()
        self.news = News()

    async def answer(self, request: r.Request) -> dict[str, Any]:
        self.asked.append(request)
        match request:
            case r.Wait():
                self.waiting.set()
                try:
                    await self.released.wait()
                except asyncio.CancelledError:
                    self.cancelled.append(request)
                    self.left.set()
                    raise
            case r.Plan():
                return {"ok": True, "changes": BIG}
            case r.Check():
                raise RuntimeError("a bug")
            case r.Reread():
                raise r.RequestRefused("broken", "config", problems=["one"])
        return {"ok": True, "said": type(request).__name__.lower()}

    def subscribe(self, request: r.Events) -> Subscription:
        return WatchedSubscription(self.news, request.past, self.left)


class OpenGate:
    """Admits everybody, or nobody with these words."""

    def __init__(self) -> None:
        self.words: str | None = None

    def refusal(self, peer: socket.socket) -> str | None:
        return self.words


class Client:
    """One connection to it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, *lines: str | bytes | dict[str, Any]) -> None:
        """Send these, each with its end of line."""
        for line in lines:
            text = json.dumps(line) if isinstance(line, dict) else line
            self.writer.write((text.encode() if isinstance(text, str) else text) + b"\n")

    async def reply(self) -> dict[str, Any]:
        """The next line."""
        line = await self.reader.readline()
        assert line.endswith(b"\n"), f"the connection ended after {line!r}"
        return json.loads(line)

    async def ask(self, cmd: str, **keys: Any) -> dict[str, Any]:
        """One request and its reply."""
        self.send({"cmd": cmd, **keys})
        return await self.reply()

    async def is_closed(self) -> bool:
        """Whether nothing comes any more; waits for that."""
        try:
            return await self.reader.read() == b""
        except ConnectionResetError:
            return True

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except (BrokenPipeError, ConnectionResetError):
            pass


class Talk:
    """Use as an asynchronous context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.gate = OpenGate()
        self.max_clients = 8
        self._clients: list[Client] = []

    async def __aenter__(self) -> "Talk":
        self.commands = FakeCommands()
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(str(self.path))
        sock.setblocking(False)
        self.server = ControlServer(sock, self.commands, self.gate, self.max_clients)  # type: ignore[arg-type]
        await self.server.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients:
            await client.close()
        await self.server.close()

    async def connect(self) -> Client:
        """A new client."""
        client = Client(*await asyncio.open_unix_connection(str(self.path), limit=2**22))
        self._clients.append(client)
        return client
