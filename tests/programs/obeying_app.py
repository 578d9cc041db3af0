"""A dirty app whose actions and init do what a test tells them through the socket that ORDERS names."""

import os
import signal
import socket
from collections.abc import Iterator

from supervisord_lite.dirty import DirtyApp, keep_alive


def orders(name: str) -> Iterator[tuple[str, str]]:
    """Each order for the call or init of this name, word and rest; it is answered before it is obeyed."""
    with socket.socket(socket.AF_UNIX) as test:
        test.connect(os.environ["ORDERS"])
        test.sendall(f"{name} {os.getpid()}\n".encode())
        with test.makefile() as lines:
            for line in lines:
                test.sendall(b"done\n")
                word, _, rest = line.strip().partition(" ")
                yield word, rest


class Obeys(DirtyApp):
    """return VALUE, raise TEXT, yield VALUE, keep_alive, in whatever order the test likes."""

    def init(self) -> None:
        for word, rest in orders("init") if "HOLD_INIT" in os.environ else ():
            if word == "raise":
                raise RuntimeError(rest)
            if word == "return":
                return

    def pid(self) -> int:
        return os.getpid()

    def fork(self) -> None:
        if not os.fork():
            signal.pause()

    def echo(self, value: object) -> object:
        return value

    def work(self, name: str) -> str:
        for word, rest in orders(name):
            if word == "return":
                return rest
            if word == "raise":
                raise RuntimeError(rest)
            keep_alive()
        return "hung up"

    def stream(self, name: str) -> Iterator[str]:
        for word, rest in orders(name):
            if word == "return":
                return
            if word == "raise":
                raise RuntimeError(rest)
            yield rest

    def endless(self, size: int) -> Iterator[bytes]:
        while True:
            yield bytes(size)

    async def awork(self, name: str) -> str:
        import asyncio

        return await asyncio.to_thread(self.work, name)

    def untransferable(self) -> object:
        return {"rows": [1, object()]}

    def _secret(self) -> str:
        return "secret"
