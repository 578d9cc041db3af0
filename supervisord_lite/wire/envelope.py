"""What is inside version 2 messages of a dirty pool, as far as others than app and client read it.

A request's payload is one msgpack array: what routing needs, and last the body, packed by itself, so that an
arbiter passes it on unread. A response's payload is a body; a chunk's is a body that is a list of one or more
chunks; an error's is a msgpack map with the keys of `Failure`. With `header.BY_FD` the body is not in the
payload but in a memfd.
"""

from typing import Any

import msgspec
from msgspec import Struct

MSGPACK = 0
PICKLE = 1


class Request(Struct, array_like=True, frozen=True, gc=False):
    """One call. `body` packs [args, kwargs]; None: it is in the memfd that came with the header.

    `timeout` is how many seconds the caller waits from now: for the answer, or, where `is_stream`, for the
    first chunk; `total` how many the whole stream may take. None: for ever. A higher `priority` goes first.
    """

    app: str
    action: str
    body: memoryview | None = None
    timeout: float | None = None
    priority: int = 0
    is_stream: bool = False
    total: float | None = None
    serializer: int = MSGPACK


class Failure(Struct, frozen=True):
    """What went wrong, in the form of gunicorn's errors; `error_type` is a name of `dirty.errors`."""

    error_type: str
    message: str
    details: dict[str, Any] = {}


encode = msgspec.msgpack.Encoder().encode
decode_request = msgspec.msgpack.Decoder(Request).decode
decode_failure = msgspec.msgpack.Decoder(Failure).decode
