"""What the daemon says to the log writer."""

import pytest

from supervisord_lite.wire import frames
from supervisord_lite.wire.logwriting import FDS, Attach, Reopen, ToLogWriter


@pytest.mark.parametrize(("message", "count"), [(Attach("/var/log/a"), 2), (Reopen("/var/log/a"), 1)])
def test_messages_survive_the_way(message: ToLogWriter, count: int) -> None:
    """Each kind is read as itself, and says how many descriptors come with it."""
    reader = frames.Reader[ToLogWriter](ToLogWriter)  # type: ignore[arg-type]
    assert reader.feed(frames.encode(message)) == [message]
    assert FDS[type(message)] == count
