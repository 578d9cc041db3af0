"""How the pool is."""

from supervisord_lite.pool.arbiter.reporting import QUEUED, report, v2_status
from tests.unit.pool.routing.stage import Stage


def test_a_report_is_not_as_long_as_the_queue() -> None:
    """It has what runs and the oldest that wait; the counts are of all."""
    stage = Stage(max_queue=10**6)
    stage.worker(threads=2)
    for _ in range(QUEUED + 50):
        stage.call()
    found = report(stage.router, 1, 3, {}, 1.0)
    assert [call.id for call in found.calls] == list(range(1, QUEUED + 3))
    assert [call.worker for call in found.calls[:3]] == ["dirty:1", "dirty:1", None]
    assert (found.queued, found.apps[0].queued) == (QUEUED + 48, QUEUED + 48)
    assert stage.call().id == QUEUED + 51


def test_clients_are_not_told_what_is_between_daemon_and_arbiter() -> None:
    """The type and the number of the answer."""
    stage = Stage()
    told = v2_status(report(stage.router, 7, 3, {}, 1.0))
    assert sorted(told) == ["apps", "calls", "clients", "queued", "refused", "timed_out", "workers"]
