"""The commands of the control socket: one frozen type each, told apart by "cmd".

A line that is no JSON, names no known command or has a key that its command does not know is refused with a
sentence that says so.
"""

import msgspec
from msgspec import Struct

Names = str | tuple[str, ...]
Id = int | str | None


class Status(Struct, tag_field="cmd", tag="status", frozen=True, forbid_unknown_fields=True):
    """How every program is, or those named."""

    name: Names | None = None
    id: Id = None


class Start(Struct, tag_field="cmd", tag="start", frozen=True, forbid_unknown_fields=True):
    """Bring programs up; answered when each is ready or has failed."""

    name: Names
    wait: bool = True
    timeout: float | None = None
    id: Id = None


class Stop(Struct, tag_field="cmd", tag="stop", frozen=True, forbid_unknown_fields=True):
    """Bring programs down; answered when nothing of them is left."""

    name: Names
    wait: bool = True
    timeout: float | None = None
    id: Id = None


class Restart(Struct, tag_field="cmd", tag="restart", frozen=True, forbid_unknown_fields=True):
    """Give programs a new process."""

    name: Names
    wait: bool = True
    timeout: float | None = None
    id: Id = None


class Reload(Struct, tag_field="cmd", tag="reload", frozen=True, forbid_unknown_fields=True):
    """Without a name: reread. With names: their reload_signal, or a restart."""

    name: Names | None = None
    wait: bool = True
    timeout: float | None = None
    id: Id = None


class Signal(Struct, tag_field="cmd", tag="signal", frozen=True, forbid_unknown_fields=True):
    """Send a signal to the main process of programs."""

    name: Names
    signal: int | str
    id: Id = None


class Wait(
    Struct, tag_field="cmd", tag="wait", frozen=True, forbid_unknown_fields=True, rename={"state": "for"}
):
    """Answered when each of the programs is in this state; "ready" is RUNNING, or finished successfully."""

    name: Names
    state: str = "ready"
    timeout: float | None = None
    id: Id = None


class Scale(Struct, tag_field="cmd", tag="scale", frozen=True, forbid_unknown_fields=True):
    """Change the number of a companion's instances, or a pool's workers: 4, "4", "+1" or "-1"."""

    name: str
    count: int | str
    id: Id = None


class Pool(Struct, tag_field="cmd", tag="pool", frozen=True, forbid_unknown_fields=True):
    """How one pool is: its calls, workers and apps."""

    name: str
    id: Id = None


class Cancel(Struct, tag_field="cmd", tag="cancel", frozen=True, forbid_unknown_fields=True):
    """End one call of a pool, queued or running."""

    pool: str
    call: int
    id: Id = None


class Reread(Struct, tag_field="cmd", tag="reread", frozen=True, forbid_unknown_fields=True):
    """Read the configuration again and apply what changed."""

    id: Id = None


class Plan(Struct, tag_field="cmd", tag="plan", frozen=True, forbid_unknown_fields=True):
    """What reread would do, and why, doing nothing."""

    id: Id = None


class Check(Struct, tag_field="cmd", tag="check", frozen=True, forbid_unknown_fields=True):
    """All that is wrong with the configuration file, or with another one."""

    path: str | None = None
    id: Id = None


class Events(Struct, tag_field="cmd", tag="events", frozen=True, forbid_unknown_fields=True):
    """Every transition from now on, after the latest `past` ones."""

    name: Names | None = None
    past: int = 0
    id: Id = None


class Shutdown(Struct, tag_field="cmd", tag="shutdown", frozen=True, forbid_unknown_fields=True):
    """Stop every program in order, then the daemon."""

    wait: bool = True
    id: Id = None


class Version(Struct, tag_field="cmd", tag="version", frozen=True, forbid_unknown_fields=True):
    """Which program answers here."""

    id: Id = None


Request = (
    Status
    | Start
    | Stop
    | Restart
    | Reload
    | Signal
    | Wait
    | Scale
    | Pool
    | Cancel
    | Reread
    | Plan
    | Check
    | Events
    | Shutdown
    | Version
)

COMMANDS = tuple(
    str(kind.__struct_config__.tag)
    for kind in (
        Status, Start, Stop, Restart, Reload, Signal, Wait, Scale, Pool, Cancel, Reread, Plan, Check, Events,
        Shutdown, Version,
    )
)  # fmt: skip


class RequestRefused(Exception):
    """A request that cannot be answered as asked: a sentence, a word, and what else the reply holds."""

    def __init__(self, error: str, code: str, **details: object) -> None:
        super().__init__(error)
        self.code = code
        self.details = details


class _Envelope(Struct):
    cmd: str | None = None
    id: Id = None


_decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_envelope = msgspec.json.Decoder(_Envelope)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises: for what is malformed, for a text that is no UTF-8, for what is nested too deep."""


def parse(line: bytes) -> Request:
    """The request on this line. Raises `RequestRefused`."""
    try:
        return _decoder.decode(line)
    except msgspec.ValidationError as error:
        raise _explain(line, error) from error
    except _UNREADABLE as error:
        raise RequestRefused(f"the request is not JSON: {error}", "bad_request") from error


def request_id(line: bytes) -> Id:
    """The id of a request that may be wrong otherwise."""
    try:
        return _envelope.decode(line).id
    except _UNREADABLE:
        return None


def _explain(line: bytes, error: msgspec.ValidationError) -> RequestRefused:
    try:
        command = _envelope.decode(line).cmd
    except _UNREADABLE:
        return RequestRefused('a request is an object such as {"cmd": "status"}', "bad_request")
    if command is None:
        return RequestRefused('the request has no "cmd"; try {"cmd": "status"}', "bad_request")
    if command not in COMMANDS:
        known = ", ".join(COMMANDS)
        return RequestRefused(f'unknown command "{command}"; known are {known}', "unknown_command")
    return RequestRefused(f"{command}: {error}", "bad_request")
