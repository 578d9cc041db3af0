"""The shop as an ASGI application, and uvicorn as a companion that serves it."""

import json
import os
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from sdnotify import SystemdNotifier

from bookshop.catalogue import facts


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Every page says who answers it."""
    body = json.dumps(facts("uvicorn")).encode() + b"\n"
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Server(uvicorn.Server):
    """uvicorn that says when it serves."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            SystemdNotifier().notify("READY=1")


def run() -> None:
    """The target: one process, one event loop. Instances share the port; the kernel spreads connections."""
    host, port = os.environ["BIND"].rsplit(":", 1)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, int(port)))
    config = uvicorn.Config(application, lifespan="off", timeout_graceful_shutdown=20)
    Server(config).run(sockets=[listener])
