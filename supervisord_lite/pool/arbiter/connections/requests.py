"""What clients ask, read as far as an arbiter needs it; what it answers itself is answered here."""

import os
from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING, Any

import msgspec

from supervisord_lite.pool.arbiter import answers, reporting
from supervisord_lite.pool.arbiter.connections.port import (
    HEAD,
    HEAD_SIZE,
    NONSENSE,
    BrokenPeer,
    Data,
    NoDescriptor,
)
from supervisord_lite.pool.routing import failures
from supervisord_lite.pool.routing.calls import Call
from supervisord_lite.pool.routing.failures import Refused
from supervisord_lite.wire import envelope, tlv
from supervisord_lite.wire.backstage import Answer
from supervisord_lite.wire.envelope import Failure
from supervisord_lite.wire.header import MAGIC, MANAGE, STASH, STATUS, V1, V2

if TYPE_CHECKING:
    from supervisord_lite.pool.arbiter.connections.client import Client

ADD = 1
REMOVE = 2
OPERATIONS = {ADD: "add", REMOVE: "remove"}

decode_request = envelope.decode_request


def parse(
    version: int, payload: memoryview, number: int, client: "Client", request_id: int, now: float
) -> Call:
    """The call that a request asks for. Raises `BrokenPeer`, `WireError` or `Refused`."""
    if version == V2:
        try:
            request = decode_request(payload)
        except NONSENSE as error:
            raise BrokenPeer(f"not a request of version 2: {error}") from error
        if request.serializer and not client.hub.router.settings.pickle:
            raise Refused(failures.pickle_refused())
        return Call(
            number,
            request.app,
            request.action,
            client,
            request_id,
            version,
            now,
            inf if request.timeout is None else now + request.timeout,
            inf if request.total is None else now + request.total,
            request.priority,
            request.is_stream,
        )
    app, action = tlv.requested(payload)
    return Call(number, app, action, client, request_id, version, now)


def who_asks(head: Data) -> tuple[int, int]:
    """Version and request id of what begins like this, for a refusal; version 1 where it is not known."""
    if len(head) < HEAD_SIZE:
        return V1, 0
    magic, version, _, _, request_id = HEAD.unpack_from(head)
    return (version, request_id) if magic == MAGIC else (V1, 0)


def unreadable(error: Exception) -> Failure:
    """Why what was read cannot be used: as a rule because the client broke the protocol."""
    return failures.no_descriptor() if isinstance(error, NoDescriptor) else failures.broken(str(error))


def check_length(fd: int, limit: int) -> None:
    """Raises `Refused` where the memfd holds more than a message may."""
    length = os.fstat(fd).st_size
    if length > limit:
        raise Refused(failures.too_long(length, limit))


def status(client: "Client", version: int, request_id: int, _: memoryview) -> None:
    """How the pool is: gunicorn's answer in version 1, a `backstage.Report` as a map in version 2."""
    hub = client.hub
    if version == V1:
        found = reporting.v1_status(hub.router, os.getpid(), hub.loop.now)
        client.conclude(answers.result(version, request_id, found))
        return

    def tell(memory: Mapping[int, int | None]) -> None:
        if not client.is_closed:
            client.conclude(answers.result(version, request_id, reporting.v2_status(hub.report(0, memory))))

    hub.scales.measure(tell)


def manage(client: "Client", version: int, request_id: int, payload: memoryview) -> None:
    """Add or remove workers: the daemon does it."""
    operation, count = _order(version, payload)
    if operation not in OPERATIONS:
        failure = Failure("DirtyError", f"Unknown manage operation: {operation}")
        client.conclude(answers.error(version, request_id, failure))
        return

    def tell(answer: Answer) -> None:
        if client.is_closed:
            return
        if answer.error is not None:
            client.conclude(answers.error(version, request_id, Failure("DirtyError", answer.error)))
            return
        found = {"success": True, "operation": OPERATIONS[operation], "requested": count, **answer.result}
        client.conclude(answers.result(version, request_id, found))

    client.hub.questions.manage(operation, count, tell)


def _order(version: int, payload: bytes | memoryview) -> tuple[int, int]:
    """Operation and count: of a map with these keys ("op", "count"), or in version 2 a list of both."""
    try:
        told = tlv.decode(payload) if version == V1 else msgspec.msgpack.decode(payload)
    except NONSENSE as error:
        raise BrokenPeer(f"not a manage message: {error}") from error
    if isinstance(told, list):
        told = dict(zip(("op", "count"), told, strict=False))
    operation = told.get("op") if isinstance(told, dict) else None
    count = told.get("count", 1) if isinstance(told, dict) else None
    if type(operation) is not int or type(count) is not int:
        raise BrokenPeer("not a manage message: it has no op and count")
    return operation, max(1, count)


def stash(client: "Client", version: int, request_id: int, payload: memoryview) -> None:
    """An operation on the stash, off the loop: another process may hold its lock."""
    asked: Any = tlv.decode(payload) if version == V1 else bytes(payload)
    if version == V1 and not isinstance(asked, dict):
        raise BrokenPeer("not a stash message: its payload is not a map")

    def tell(payload: bytes, failure: Failure | None) -> None:
        if client.is_closed:
            return
        if failure is not None:
            client.conclude(answers.error(version, request_id, failure))
        else:
            client.conclude(answers.body(version, request_id, payload))

    client.hub.stash.ask(version, asked, tell)


OWN = {STASH: stash, STATUS: status, MANAGE: manage}
"""What is not passed on to a worker."""
