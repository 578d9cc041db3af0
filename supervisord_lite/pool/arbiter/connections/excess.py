"""Long messages of clients: there has to be room for them, and those that are too long are refused.

Who sends one that is too long writes all of it before it reads the refusal: so it is read, and thrown away.
"""

from typing import TYPE_CHECKING

from supervisord_lite.pool.arbiter import answers
from supervisord_lite.pool.arbiter.connections.port import HEAD, HEAD_SIZE
from supervisord_lite.pool.routing import failures
from supervisord_lite.wire.header import MAGIC, V1, V2

if TYPE_CHECKING:
    from supervisord_lite.pool.arbiter.connections.client import Client


def is_too_long(client: "Client", view: memoryview) -> bool:
    """Look at what a header claims: refuse it where it is too much, set room aside where it is much."""
    magic, version, _, length, request_id = HEAD.unpack_from(view)
    missing = length + HEAD_SIZE - len(view)
    if magic != MAGIC or version not in (V1, V2):
        return False
    if length <= client.hub.max_message:
        if missing > 0 and not client.hub.room.take(client, length):
            client.read_on(False)
        return False
    failure = failures.too_long(length, client.hub.max_message)
    client.hub.garbage(client, failure.message)
    client.send(answers.error(version, request_id, failure))
    if missing > 0 and not client.is_closed:
        client.to_discard = missing
        client.hub.note_partial(client, 0)
    else:
        client.lost()
    return True


def discard(client: "Client", size: int) -> None:
    """So much more of it came: at its end the connection ends."""
    client.to_discard -= size
    if client.to_discard <= 0:
        client.lost()
    else:
        client.hub.note_partial(client, size)
