"""What becomes of calls whose worker is lost."""

from supervisord_lite.pool.routing.casualties import GONE_WITHIN, give_up, gone, lose_lane, lose_worker
from supervisord_lite.pool.routing.effects import Fail, Hang
from tests.unit.pool.routing.stage import Stage, where


def messages(stage: Stage) -> list[str]:
    """What callers are told."""
    return [effect.failure.message for effect in stage.effects() if isinstance(effect, Fail)]


def test_the_daemon_says_how_it_ended() -> None:
    """The callers are told in its words, and the worker is forgotten."""
    stage = Stage()
    worker = stage.worker()
    stage.call()
    lose_worker(stage.router, worker, 1.0)
    assert stage.effects() == []
    gone(stage.router, worker, "was killed by SIGKILL")
    assert messages(stage) == ["worker dirty:1 (pid 101) was killed by SIGKILL while it ran shop:A:work"]
    assert (stage.router.workers, stage.router.calls) == ({}, {})


def test_nobody_says_how_it_ended() -> None:
    """The callers are told after a moment all the same."""
    stage = Stage()
    worker = stage.worker()
    stage.call()
    lose_worker(stage.router, worker, 1.0)
    give_up(stage.router, 1.0 + GONE_WITHIN - 0.01)
    assert stage.effects() == []
    give_up(stage.router, 1.0 + GONE_WITHIN)
    fail, hang = stage.effects()
    assert isinstance(fail, Fail)
    assert "closed its connection while it ran" in fail.failure.message
    assert hang == Hang(worker)


def test_an_idle_worker_is_forgotten_at_once() -> None:
    """And gets no calls."""
    stage = Stage()
    worker = stage.worker()
    lose_worker(stage.router, worker, 1.0)
    lose_worker(stage.router, worker, 1.0)
    assert stage.effects() == [Hang(worker)]
    assert where(stage.call()) is None


def test_one_lane_may_be_lost() -> None:
    """Its call is, too; the worker's others go on."""
    stage = Stage()
    worker = stage.worker(threads=2)
    lost, other = stage.call(), stage.call()
    assert lost.lane is not None
    lose_lane(lost.lane, 1.0)
    give_up(stage.router, 2.0)
    assert list(stage.router.calls) == [other.id]
    assert (worker.busy, len(worker.lanes), worker.errors) == (1, 1, 1)
    assert stage.finish(other) is None


def test_an_idle_lane_may_be_lost() -> None:
    """It is not called any more."""
    stage = Stage()
    worker = stage.worker()
    (lane,) = worker.lanes
    lose_lane(lane, 1.0)
    assert where(stage.call()) is None


def test_a_call_that_nobody_waits_for_is_buried_silently() -> None:
    """Its client has left before."""
    stage = Stage()
    worker = stage.worker()
    stage.router.leave(stage.call(), 0.5)
    gone(stage.router, worker, "exited with status 3")
    assert stage.effects() == [Hang(worker)]
