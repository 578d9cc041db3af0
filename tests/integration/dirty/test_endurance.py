"""A live arbiter under what no client of ours sends: frames made by hypothesis, and very many messages."""

import contextlib
import socket
import threading
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervisord_lite.wire import envelope, values
from supervisord_lite.wire.header import HEADER, MAGIC, REQUEST, RESPONSE, V2
from tests.integration.dirty.conftest import Start
from tests.integration.dirty.pool import OBEYS, Pool
from tests.integration.process import DEADLINE

MIB = 1 << 20
CLIENTS = 4
BATCH = 100
MESSAGES = 1_000_000
"""Requests and responses together."""

NO_OP = envelope.encode(
    envelope.Request(OBEYS, "echo", memoryview(values.pack([[1], {}], inline=True).document))
)

kinds = st.sampled_from([0x01, 0x02, 0x03, 0x04, 0x05, 0x10, 0x11, 0x12, 0x20, 0x21, 0x7F, 0x81, 0x90, 0xFF])
payloads = st.one_of(
    st.binary(max_size=300), st.just(NO_OP), st.binary(max_size=40).map(lambda junk: NO_OP + junk)
)


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """A frame whose parts fit together or do not."""
    payload = draw(payloads)
    length = draw(st.one_of(st.just(len(payload)), st.integers(0, 2**32 - 1)))
    magic = draw(st.sampled_from([MAGIC, MAGIC, MAGIC, b"XX"]))
    return (
        HEADER.pack(magic, draw(st.integers(0, 3)), draw(kinds), length, draw(st.integers(0, 2**64 - 1)))
        + payload
    )


def test_frames_of_all_kinds_of_wrong(start: Start) -> None:
    """Whatever comes, the arbiter lives, answers or hangs up, and serves the client beside it."""
    pool = start("workers = 2\n")
    arbiter = pool.report()["arbiter_pid"]

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(frames(), min_size=1, max_size=5), st.integers(0, 40))
    def attack(messages: list[bytes], cut: int) -> None:
        data = b"".join(messages)
        with socket.socket(socket.AF_UNIX) as sock, contextlib.suppress(ConnectionError):
            sock.settimeout(DEADLINE)
            sock.connect(pool.path)
            sock.sendall(data[: len(data) - cut] if cut < len(data) else data)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65536):
                pass

    attack()
    with pool.client() as client:
        assert client.execute(OBEYS, "echo", "still there") == "still there"
    pool.wait(lambda report: report["queued"] == 0 and not report["calls"])
    assert pool.report()["arbiter_pid"] == arbiter
    assert not pool.daemon.log.found("Traceback")


def test_a_million_messages_leave_nothing_behind(start: Start) -> None:
    """Arbiter and worker weigh after a million messages what they weighed after the first tenth."""
    pool = start("workers = 2\n")
    report = pool.report()
    watched = [report["arbiter_pid"], *(worker["pid"] for worker in report["workers"])]
    _exchange(pool, MESSAGES // 10)
    before = [_private(pid) for pid in watched]
    _exchange(pool, MESSAGES - MESSAGES // 10)
    after = [_private(pid) for pid in watched]
    assert all(late - early < 2 * MIB for early, late in zip(before, after, strict=True)), (before, after)
    pool.wait(lambda report: report["clients"] == 0)


def _exchange(pool: Pool, messages: int) -> None:
    """Send so many calls, a batch at a time on each of a few connections, and take every answer."""
    lost: list[str] = []

    def talk() -> None:
        head = HEADER.pack(MAGIC, V2, REQUEST, len(NO_OP), 7)
        batch = (head + NO_OP) * BATCH
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(DEADLINE)
            sock.connect(pool.path)
            answer_size = HEADER.size + len(values.pack(1).document)
            for _ in range(messages // 2 // CLIENTS // BATCH):
                sock.sendall(batch)
                answers = b""
                while len(answers) < answer_size * BATCH:
                    answers += sock.recv(1 << 16)
                if answers.count(HEADER.pack(MAGIC, V2, RESPONSE, answer_size - HEADER.size, 7)) != BATCH:
                    lost.append(answers[:100].hex())
                    return

    threads = [threading.Thread(target=talk) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not lost, lost


def _private(pid: int) -> int:
    """Bytes that only this process has (proc(5), smaps_rollup)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    sizes = [int(line.split()[1]) for line in lines if line.startswith("Private_")]
    return sum(sizes) * 1024
