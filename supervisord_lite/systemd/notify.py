"""What the daemon tells systemd, and what programs tell the daemon: sd_notify(3)."""

import os
import time
from collections.abc import MutableMapping

from msgspec import Struct
from sdnotify import SystemdNotifier


class Notifier:
    """Tells systemd what is true now; does nothing where nobody listens."""

    def __init__(self, watchdog: float | None) -> None:
        self._notifier = SystemdNotifier()
        self.watchdog = watchdog
        self.is_listened_to = "NOTIFY_SOCKET" in os.environ
        self._status = ""
        if self._notifier.socket is not None:
            self._notifier.socket.setblocking(False)  # a stuck manager must not stop supervision

    def status(self, sentence: str) -> None:
        """STATUS=, where it has changed."""
        if sentence != self._status:
            self._status = sentence
            self._send(f"STATUS={sentence}")

    def ready(self) -> None:
        """READY=1: also the end of a reload."""
        self._send("READY=1")

    def reloading(self) -> None:
        """RELOADING=1 with the monotonic time that systemd 253 and later ask for."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """STOPPING=1."""
        self._send("STOPPING=1")

    def extend(self, seconds: float) -> None:
        """EXTEND_TIMEOUT_USEC=: the start or stop may take this much longer from now."""
        self._send(f"EXTEND_TIMEOUT_USEC={int(seconds * 1e6)}")

    def alive(self) -> None:
        """WATCHDOG=1."""
        self._send("WATCHDOG=1")

    def _send(self, state: str) -> None:
        self._notifier.notify(state)


def take_watchdog(environ: MutableMapping[str, str]) -> float | None:
    """The watchdog interval in seconds (sd_watchdog_enabled(3)); its variables leave the environment."""
    usec = environ.pop("WATCHDOG_USEC", "")
    pid = environ.pop("WATCHDOG_PID", str(os.getpid()))
    if not usec.isdecimal() or int(usec) == 0 or pid != str(os.getpid()):
        return None
    return int(usec) / 1e6


class Notice(Struct, frozen=True, kw_only=True):
    """One datagram of a program, understood. Durations in seconds; None where it did not say."""

    ready: bool = False
    stopping: bool = False
    status: str | None = None
    alive: bool = False
    trip: bool = False
    extend: float | None = None


def parse(datagram: bytes) -> Notice:
    """Understand a datagram of sd_notify(3); what is not known, or is no UTF-8, is passed over."""
    fields: dict[str, str] = {}
    for line in datagram.decode("utf-8", "replace").split("\n"):
        key, _, value = line.partition("=")
        fields[key] = value
    return Notice(
        ready=fields.get("READY") == "1",
        stopping=fields.get("STOPPING") == "1",
        status=fields.get("STATUS"),
        alive=fields.get("WATCHDOG") == "1",
        trip=fields.get("WATCHDOG") == "trigger",
        extend=_usec(fields.get("EXTEND_TIMEOUT_USEC")),
    )


def _usec(value: str | None) -> float | None:
    return int(value) / 1e6 if value is not None and value.isdecimal() and len(value) < 19 else None
