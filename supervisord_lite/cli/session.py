"""What one invocation of `supctl` knows: which socket, which form of output. And the ways to use them."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import click

from supervisord_lite.cli.paint import complain, paint, wants_colour
from supervisord_lite.control.client import CONNECT_TIMEOUT, REPLY_TIMEOUT, Client, OnWait, Reply, Unreachable

VARIABLES = ("SUPCTL_SOCKET", "GUNICORN_COMPANION_SOCKET")


class Session:
    """Filled while the command line is read (options count before and after the command), then used."""

    def __init__(self) -> None:
        self.socket: str | None = None
        self.json = False

    def path(self) -> str:
        """The control socket: -s, the environment, or the first default place. Raises Unreachable."""
        if self.socket:
            return self.socket
        for variable in VARIABLES:
            if value := os.environ.get(variable):
                return value
        from supervisord_lite.config.locate import candidate_control_sockets

        places = candidate_control_sockets(os.environ, os.getuid())
        for place in places:
            try:
                os.stat(place)
            except PermissionError:
                return place  # it may well be there; connecting says who is let in
            except OSError:
                continue
            return place
        raise Unreachable(
            f"cannot find a control socket in {' or '.join(places)}; is the daemon running? "
            "try systemctl status app-supervisor, or name the socket with -s"
        )

    def connect(self, timeout: float = CONNECT_TIMEOUT) -> Client:
        """A connection to the daemon; close it, or use it in a `with`."""
        return Client.connect(self.path(), timeout)

    def ask(
        self,
        command: Mapping[str, Any],
        timeout: float | None = REPLY_TIMEOUT,
        on_wait: OnWait | None = None,
    ) -> Reply:
        """One command, one reply, on a connection of its own. Raises ControlError."""
        with self.connect() as client:
            return client.request(command, timeout=timeout, on_wait=on_wait)

    def emit(self, reply: Mapping[str, Any], lines: Sequence[str] = ()) -> None:
        """Print the reply as one line of JSON with --json, else the lines that say the same to a person."""
        if self.json:
            print(json.dumps(reply), flush=True)
            return
        for line in lines:
            print(line)

    def fail(self, status: int, message: str, code: str = "failed", **fields: Any) -> NoReturn:
        """Say that it went wrong and end with `status`, where the daemon itself did not refuse."""
        if self.json:
            print(json.dumps({"ok": False, "error": message, "code": code, **fields}), flush=True)
        complain(message)
        raise click.exceptions.Exit(status)

    def paint(self, text: str, kind: str) -> str:
        """`text` in the colour of `kind`, where stdout shows colour."""
        return paint(text, kind, wants_colour(sys.stdout))


def name_field(names: Sequence[str]) -> dict[str, Any]:
    """The request's "name": nothing, one string, or a list."""
    if not names:
        return {}
    return {"name": names[0] if len(names) == 1 else list(names)}
