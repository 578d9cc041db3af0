"""The test's side of tests/programs/obeys.py: programs that do what they are told, when they are told."""

import socket
from pathlib import Path

from tests.integration.process import DEADLINE

LAST = ("WATCHDOG=trigger",)
"""What ends the process that says it, before it can say that it has."""


class Obedient:
    """One running process of the program."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(DEADLINE)
        self._sock = sock
        self._file = sock.makefile()
        self.name, pid = self.hear().split()
        self.pid = int(pid)

    def hear(self) -> str:
        """The next line it says; empty when it has ended."""
        try:
            return self._file.readline().strip()
        except ConnectionResetError:
            return ""

    def do(self, *orders: str) -> "Obedient":
        """Have orders carried out, one after the other."""
        for order in orders:
            self._sock.sendall(f"{order}\n".encode())
            if order.partition(" ")[2] not in LAST and not order.startswith("exit"):
                assert self.hear() == "done"
        return self

    def close(self) -> None:
        """Hang up; the process then ends, if it has not."""
        self._file.close()
        self._sock.close()


class Orders:
    """The socket that the programs connect to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sock = socket.socket(socket.AF_UNIX)
        self._sock.settimeout(DEADLINE)
        self._sock.bind(str(path))
        path.chmod(0o666)
        self._sock.listen(100)
        self._obedient: list[Obedient] = []
        self._early: list[Obedient] = []

    def next(self, name: str | None = None) -> Obedient:
        """The next process that starts, or the next one of this program."""
        for program in self._early:
            if name in (None, program.name):
                self._early.remove(program)
                return program
        while True:
            program = Obedient(self._sock.accept()[0])
            self._obedient.append(program)
            if name in (None, program.name):
                return program
            self._early.append(program)

    def nobody_came(self) -> bool:
        """Whether no process waits to be asked for now."""
        self._sock.setblocking(False)
        try:
            self._obedient.append(Obedient(self._sock.accept()[0]))
        except BlockingIOError:
            return not self._early
        finally:
            self._sock.settimeout(DEADLINE)
        return False

    def close(self) -> None:
        """Hang up on everybody."""
        for program in self._obedient:
            program.close()
        self._sock.close()
