"""A worker from its start to its end, and arbiters that die meanwhile."""

import os
import signal
from collections.abc import Callable

import pytest

from supervisord_lite.wire import header
from supervisord_lite.wire.backstage import Hello, Initialising, Leave
from tests.integration.pools.worker import APPS, WorkerProcess, new_worker

__all__ = ["new_worker"]

New = Callable[..., WorkerProcess]


def test_start_is_told(new_worker: New) -> None:
    """The arbiter learns who it is and which app is in `init`; the daemon when it is ready."""
    worker = new_worker("Plain", "Async").start()
    hello, control = worker.backstage.accept()
    assert worker.process is not None
    apps = (f"{APPS}:Plain", f"{APPS}:Async")
    assert hello == Hello("control", "dirty:1", worker.process.pid, apps, 1)
    assert [control.word() for _ in range(3)] == [*map(Initialising, apps), Initialising(None)]
    hello, _ = worker.backstage.accept()
    assert hello == Hello("lane", "dirty:1", worker.process.pid, apps, 1)
    assert worker.notified("STATUS=initialising")
    worker.notified("READY=1")
    with open(f"/proc/{worker.process.pid}/cmdline") as file:
        assert file.read().startswith(f"dirty-worker [dirty] dirty:1 {APPS}:Plain")


@pytest.mark.parametrize(
    ("app", "message"),
    [
        ("InitRaises", "RuntimeError: no model here"),
        ("AsyncInitRaises", "RuntimeError: no model there"),
        ("Absent", "DirtyAppNotFoundError"),
        ("no.such.module:App", "No module named 'no'"),
    ],
)
def test_init_that_fails_ends_it(new_worker: New, app: str, message: str) -> None:
    """With the reason in the status and the traceback in the log, whatever threads are left."""
    worker = new_worker("Plain", app).start()
    assert message in worker.notified("failed")
    assert worker.ends() == 3
    worker.errors.expect(message)
    assert bool(worker.errors.found("Traceback")) == (app != "Absent")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT, signal.SIGINT])
def test_signal_lets_calls_finish(new_worker: New, number: int) -> None:
    """Then apps are closed, and it exits with 0."""
    worker = new_worker("Plain", "Async", "Second").start()
    control, (lane,) = worker.serve()
    lane.request(5, "Plain", "sleeps", 0.3)
    assert worker.told() == "sleeps"
    worker.signal(number)
    assert control.word() == Leave()
    worker.notified("STOPPING=1")
    lane.half_close()
    assert lane.answer() == (header.RESPONSE, 5, None)
    assert lane.read() is None
    assert [worker.told() for _ in range(3)] == ["closed", "closed async", "second closed"]
    assert worker.ends() == 0


def test_call_that_was_on_its_way_is_run(new_worker: New) -> None:
    """What the arbiter sent before it heard of the leave is answered."""
    worker = new_worker("Plain").start()
    control, (lane,) = worker.serve()
    worker.signal(signal.SIGTERM)
    assert control.word() == Leave()
    assert lane.call("Plain", "same", 1) == 1
    lane.half_close()
    assert worker.ends() == 0


def test_signal_during_init_ends_it_at_once(new_worker: New) -> None:
    """However long init would have taken."""
    worker = new_worker("InitHangs").start()
    assert worker.told() == "hangs"
    worker.signal(signal.SIGTERM)
    assert worker.ends() == 0
    worker.errors.expect("asked to end during init")


def test_signal_without_arbiter_ends_it(new_worker: New) -> None:
    """An arbiter that is dead, and whose socket nobody accepts from, is not waited for."""
    worker = new_worker("Plain").start()
    control, (lane,) = worker.serve()
    control.close()
    lane.close()
    worker.signal(signal.SIGTERM)
    assert worker.told() == "closed"
    assert worker.ends() == 0


def test_signal_before_any_arbiter_ends_it(new_worker: New) -> None:
    """A worker that nobody ever accepted leaves as well."""
    worker = new_worker("Plain").start()
    worker.notified("READY=1")
    worker.signal(signal.SIGTERM)
    assert worker.ends() == 0


def test_signal_without_socket_ends_it(new_worker: New) -> None:
    """So does one whose arbiter's socket is gone."""
    worker = new_worker("Plain")
    worker.backstage.path.unlink()
    worker.start()
    worker.errors.expect("no arbiter at .*backstage")
    worker.errors.expect("initialising|no arbiter")
    worker.notified("STATUS=initialising")
    worker.signal(signal.SIGTERM)
    assert worker.ends() == 0


def test_close_that_fails_keeps_no_other_from_closing(new_worker: New) -> None:
    """It is logged."""
    worker = new_worker("CloseRaises", "Second").start()
    control, (lane,) = worker.serve()
    worker.signal(signal.SIGTERM)
    assert control.word() == Leave()
    lane.half_close()
    assert worker.told() == "second closed"
    assert worker.ends() == 0
    worker.errors.expect("close of .*CloseRaises failed: RuntimeError: will not")


def test_threads_of_apps_are_waited_for(new_worker: New) -> None:
    """Those that are no daemon threads, by name."""
    worker = new_worker("Plain").start()
    control, (lane,) = worker.serve()
    lane.call("Plain", "starts_thread")
    worker.signal(signal.SIGTERM)
    assert control.word() == Leave()
    lane.half_close()
    assert sorted(worker.told() for _ in range(2)) == ["closed", "thread done"]
    assert worker.ends() == 0


def test_abort_prints_every_stack(new_worker: New) -> None:
    """SIGABRT, which the daemon sends to a worker that is beyond help."""
    worker = new_worker("Plain", threads=2).start()
    _, (_, lane) = worker.serve(2)
    lane.request(5, "Plain", "sleeps", 3600)
    assert worker.told() == "sleeps"
    worker.signal(signal.SIGABRT)
    assert worker.ends() == -signal.SIGABRT
    worker.errors.expect("in sleeps")
    worker.errors.expect("in _serve")


@pytest.mark.parametrize("threads", [1, 3])
def test_next_arbiter_gets_an_idle_worker(new_worker: New, threads: int) -> None:
    """With its apps as they are loaded: `init` does not run again."""
    worker = new_worker("Plain", threads=threads).start()
    control, lanes = worker.serve(threads)
    for connection in (control, *lanes):
        connection.close()
    control, lanes = worker.serve(threads)
    for lane in lanes:
        assert lane.call("Plain", "noop") is None


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("app", ["Plain", "Streams", "Async"])
def test_next_arbiter_gets_a_busy_worker(new_worker: New, threads: int, app: str) -> None:
    """A running call goes on, and nobody gets its answer; a stream is closed."""
    worker = new_worker("Plain", "Streams", "Async", threads=threads).start()
    control, lanes = worker.serve(threads)
    lane = lanes[-1]
    if app == "Plain":
        lane.request(5, app, "sleeps", 0.2)
        assert worker.told() == "sleeps"
    else:
        lane.request(5, app, "steps", is_stream=True)
        lane.answer()
    for connection in (control, *lanes):
        connection.close()
    control, lanes = worker.serve(threads)
    if app != "Plain":
        assert worker.told().startswith("closed")
    for lane in lanes:
        assert lane.is_silent()
        assert lane.call("Plain", "noop") is None


def test_word_of_the_next_arbiter_is_not_for_an_old_call(new_worker: New) -> None:
    """The numbers of its calls begin anew."""
    worker = new_worker("Plain", threads=2).start()
    control, lanes = worker.serve(2)
    lanes[0].request(5, "Plain", "waits")
    assert worker.told() == "waits"
    for connection in (control, *lanes):
        connection.close()
    control = worker.backstage.control()
    control.word()
    lane = worker.backstage.lane()
    control.cancel(5)
    lane.request(6, "Plain", "alive")
    assert control.word().call == 6  # type: ignore[attr-defined]
    lane.answer()
    lane.call("Plain", "releases")
    worker.backstage.lane()
    assert not worker.errors.found("cancelled")


def test_apps_of_gunicorn_are_served(new_worker: New) -> None:
    """Classes derived from gunicorn's own base class, as they are."""
    worker = new_worker("tests.integration.pools.worker_gunicorn:Gunicorns").start()
    _, (lane,) = worker.serve()
    app = "tests.integration.pools.worker_gunicorn:Gunicorns"
    assert lane.call(app, "double", 4) == 8
    lane.request(5, app, "count", 3, is_stream=True)
    assert [chunk for message in lane.chunks(5) for chunk in message] == [0, 1, 2]
    lane.request(6, app, "_hidden")
    assert "Unknown action" in lane.error(6).message


def test_lines_of_the_journal_have_levels(new_worker: New) -> None:
    """Where standard error is a stream of the journal, a failed call is an error, its traceback as well."""
    worker = new_worker("Plain")
    found = os.fstat(worker.errors.fd)
    worker.env["JOURNAL_STREAM"] = f"{found.st_dev}:{found.st_ino}"
    worker.start()
    _, (lane,) = worker.serve()
    lane.request(5, "Plain", "raises")
    lane.error(5)
    worker.errors.expect("^<3>dirty: worker dirty:1: call 5 .*:raises failed: KeyError: 'nothing'$")
    worker.errors.expect("^<3>Traceback")
    worker.errors.expect("^<6>dirty: worker dirty:1: serves ")


def test_close_that_hangs_is_named(new_worker: New) -> None:
    """Whoever kills it in the end finds in the status what it was at."""
    worker = new_worker("CloseHangs").start()
    control, (lane,) = worker.serve()
    worker.signal(signal.SIGTERM)
    assert control.word() == Leave()
    lane.half_close()
    assert worker.told() == "hangs"
    worker.notified(f"STATUS=closing {APPS}:CloseHangs")


def test_hooks_of_the_worker_run(new_worker: New) -> None:
    """In order, and one that fails keeps the worker from nothing."""
    worker = new_worker("Plain", hooks="tests.integration.pools.worker_hooks").start()
    assert worker.told() == "post_fork dirty dirty:1 1"
    worker.errors.expect("hook .*:dirty_post_fork failed: RuntimeError: of the hook")
    assert worker.told() == f"init {APPS}:Plain"
    worker.serve()
    worker.notified("READY=1")
    worker.errors.expect("logged by the hook")
