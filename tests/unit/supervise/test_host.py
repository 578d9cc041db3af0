"""What happens to processes, turned into events of the programs they belong to."""

import socket
from collections.abc import Iterator

import pytest

from supervisord_lite.model.events import Start, Stop
from supervisord_lite.model.policy import Policy
from supervisord_lite.model.states import State
from supervisord_lite.supervise.child import Child
from supervisord_lite.supervise.plan import Kind
from supervisord_lite.systemd.notify import Notice
from supervisord_lite.zygote import telling
from tests.fakes.kernel import DIES

from .stage import Stage

NOTIFY = Policy(notify=True, ready_timeout=30.0, watchdog_sec=10.0, restart_delay=1.0)

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """The daemon's end of a socket, and the other."""
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


async def test_a_program_speaks_for_itself(stage: Stage) -> None:
    """READY=1 makes it serve, STATUS= is shown, and the watchdog ends it when it is silent."""
    stage.launcher.reactions = {6: DIES}
    worker = stage.add("worker", policy=NOTIFY)
    stage.feed(worker, Start())
    await stage.pass_time(5)
    stage.host.noticed(worker, Notice(ready=True, status="warm"))
    assert worker.life.state is State.RUNNING
    assert worker.describe(stage.kernel.now()) == "pid 101, uptime 0:00:05, warm"
    await stage.pass_time(9)
    stage.host.noticed(worker, Notice(alive=True))
    await stage.pass_time(9)
    assert worker.life.state is State.RUNNING
    await stage.reaches(worker, State.BACKOFF)
    assert worker.last_exit is not None
    assert worker.last_exit.sentence().startswith(
        "killed by SIGABRT (sent no WATCHDOG=1 within watchdog_sec)"
    )


async def test_more_time_and_an_announced_end(stage: Stage) -> None:
    """EXTEND_TIMEOUT_USEC counts before READY=1 in one datagram, and STOPPING=1 last."""
    worker = stage.add("worker", policy=NOTIFY)
    stage.feed(worker, Start())
    await stage.pass_time(20)
    stage.host.noticed(worker, Notice(extend=60.0))
    await stage.pass_time(50)
    assert worker.life.state is State.STARTING
    stage.host.noticed(worker, Notice(ready=True, stopping=True))
    assert stage.history("worker") == ["STARTING", "RUNNING", "STOPPING"]
    assert stage.kernel.sent == []


async def test_a_status_goes_with_its_process(stage: Stage) -> None:
    """The next process has said nothing yet."""
    worker = stage.add("worker", policy=NOTIFY)
    stage.feed(worker, Start())
    await stage.pass_time(1)
    stage.host.noticed(worker, Notice(ready=True, status="warm"))
    stage.kernel.end(101, code=1)
    await stage.reaches(worker, State.STARTING)
    await stage.pass_time(0.1)
    assert worker.status_text is None


async def test_a_set_up_that_comes_too_late_changes_nothing(stage: Stage) -> None:
    """News of a process that has ended, or belongs to the past, are no news."""
    worker = stage.add("worker")
    stage.feed(worker, Start())
    await stage.reaches(worker, State.RUNNING)
    first = worker.child
    assert first is not None
    stage.kernel.end(101, code=1)
    await stage.reaches(worker, State.STARTING)
    stage.host.launched(worker, first)
    stage.host.ended(worker, first)
    assert worker.life.launched_at is None or worker.child is not first
    await stage.reaches(worker, State.RUNNING)
    assert worker.exit_count == 1


async def test_what_the_child_said_last_explains_its_end(stage: Stage, pair: Pair) -> None:
    """A set-up that failed is an error in a sentence, not an exit status."""
    worker = stage.add("worker", policy=NOTIFY)
    stage.feed(worker, Start())
    await stage.pass_time(1)
    assert worker.child is not None
    worker.child.channel = pair[0]
    pair[0].setblocking(False)
    pair[1].sendall(telling.failed("cannot execute /nowhere: No such file or directory"))
    stage.kernel.end(101, code=127)
    await stage.reaches(worker, State.BACKOFF)
    assert worker.last_exit is not None
    expected = "could not start: cannot execute /nowhere: No such file or directory"
    assert worker.last_exit.sentence() == expected


async def test_a_fork_server_is_ready_when_it_has_imported(stage: Stage, pair: Pair) -> None:
    """Every process of it is a generation, which the programs forked from it carry."""
    stage.launcher.gates = {}
    zygote = stage.add("zygote", kind=Kind.ZYGOTE, policy=NOTIFY)
    worker = stage.add("worker", kind=Kind.TARGET, server="zygote")
    stage.feed(zygote, Start())
    await stage.pass_time(1)
    stage.host.serves(zygote, pair[0], {})
    assert zygote.generation == 1
    pair[1].sendall(telling.prepared(0.5, ["preload of shop leaves behind 1 thread(s)"]))
    await stage.reaches(zygote, State.RUNNING)
    stage.feed(worker, Start())
    await stage.reaches(worker, State.RUNNING)
    assert worker.generation == 1
    stage.kernel.end(101, code=1)
    await stage.reaches(zygote, State.BACKOFF)
    assert zygote.serves is None


async def test_a_preload_that_fails_is_the_error_of_the_zygote(stage: Stage, pair: Pair) -> None:
    """The sentence of the import, whatever it exits with."""
    zygote = stage.add("zygote", kind=Kind.ZYGOTE, policy=NOTIFY)
    stage.feed(zygote, Start())
    await stage.pass_time(1)
    stage.host.serves(zygote, pair[0], {})
    pair[1].sendall(telling.preload_failed("preload of shop failed: ImportError: no"))
    await stage.pass_time(1)
    stage.kernel.end(101, code=1)
    await stage.reaches(zygote, State.BACKOFF)
    assert zygote.last_exit is not None
    assert zygote.last_exit.error == "preload of shop failed: ImportError: no"


async def test_a_fork_server_that_hung_up_is_ended(stage: Stage, pair: Pair) -> None:
    """Without its socket it is of no use."""
    zygote = stage.add("zygote", kind=Kind.ZYGOTE, policy=NOTIFY)
    stage.feed(zygote, Start())
    await stage.pass_time(1)
    stage.host.serves(zygote, pair[0], {})
    pair[1].close()
    await stage.reaches(zygote, State.BACKOFF)
    assert stage.kernel.sent == [(101, 9)]


async def test_garbage_from_a_child_is_its_failure(stage: Stage, pair: Pair) -> None:
    """Whatever it writes there, the daemon lives on and says so."""
    child = Child(1, 0.0, "worker", pair[0], None)
    pair[1].sendall(b'{"type":"failed","error":"\xff"}\n')
    assert child.hear() is None
    assert child.error is not None
    assert child.error.startswith("its process said what is not a report: ")
    assert child.channel is None


async def test_a_log_writer_is_connected_and_disconnected(stage: Stage, pair: Pair) -> None:
    """Its socket goes with it."""
    writer = stage.add("logwriter", kind=Kind.LOGWRITER)
    stage.feed(writer, Start())
    await stage.reaches(writer, State.RUNNING)
    stage.host.serves(writer, pair[0], {})
    assert pair[0].fileno() != -1
    stage.feed(writer, Stop())
    await stage.reaches(writer, State.STOPPED)
    assert pair[0].fileno() == -1
