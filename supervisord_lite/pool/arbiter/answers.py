"""What an arbiter itself says to clients, as whole messages of the version they speak."""

from typing import Any

import msgspec

from supervisord_lite.wire import envelope, tlv, values
from supervisord_lite.wire.envelope import Failure
from supervisord_lite.wire.header import ERROR, RESPONSE, V1
from supervisord_lite.wire.splitter import frame


def error(version: int, request_id: int, failure: Failure) -> bytes:
    """An error message."""
    if version == V1:
        payload = tlv.encode({"error": msgspec.to_builtins(failure)})
    else:
        payload = envelope.encode(failure)
    return frame(version, ERROR, request_id, payload)


def result(version: int, request_id: int, value: Any) -> bytes:
    """A response message, of builtins."""
    if version == V1:
        return frame(version, RESPONSE, request_id, tlv.encode({"result": value}))
    return body(version, request_id, values.pack(value, inline=True).document)


def body(version: int, request_id: int, packed: bytes) -> bytes:
    """A response message whose payload is there."""
    return frame(version, RESPONSE, request_id, packed)
