"""Raw clients of the control socket: newline-delimited JSON, and nothing of the project's own code."""

import json
import socket
from pathlib import Path
from typing import Any

from tests.integration.process import DEADLINE

Reply = dict[str, Any]


class Client:
    """One connection; every wait on it has a deadline. Use it as a context manager."""

    def __init__(self, path: Path) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(DEADLINE)
        self.sock.connect(str(path))
        self._buffer = b""

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, request: Reply | bytes) -> None:
        """Send one line; bytes as they are."""
        data = request if isinstance(request, bytes) else json.dumps(request).encode() + b"\n"
        self.sock.sendall(data)

    def receive(self) -> Reply:
        """The next line. Raises `EOFError` where there is none."""
        while b"\n" not in self._buffer:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError(self._buffer)
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        reply: Reply = json.loads(line)
        return reply

    def ask(self, request: Reply | bytes) -> Reply:
        """Send a request and take its reply."""
        self.send(request)
        return self.receive()


class Events(Client):
    """A stream of transitions."""

    def __init__(self, path: Path, **request: Any) -> None:
        super().__init__(path)
        self.seen: list[Reply] = []
        assert self.ask({"cmd": "events", **request}) == {"ok": True, "streaming": True}

    def next(self) -> Reply:
        """The next event."""
        self.seen.append(self.receive())
        return self.seen[-1]

    def until(self, name: str, state: str, **fields: Any) -> Reply:
        """The next transition of this program to this state, in which the other fields are as given."""
        try:
            while True:
                event = self.next()
                wanted = {"name": name, "to": state, **fields}
                if all(event.get(key) == value for key, value in wanted.items()):
                    return event
        except (TimeoutError, EOFError) as error:
            told = "\n".join(f"{e.get('name')}: {e.get('to')}: {e.get('description')}" for e in self.seen)
            raise AssertionError(f"{name} never was {state} {fields}:\n{told}") from error
