"""Whether an app has, or will have, a worker."""

import pytest

from supervisord_lite.pool.routing.casualties import lose_worker
from supervisord_lite.pool.routing.roster import judge, update
from supervisord_lite.wire.backstage import Roster, RosterEntry
from tests.unit.pool.routing.stage import A, B, Stage


def entry(
    state: str, *apps: str, name: str = "dirty:1", reason: str = "", is_leaving: bool = False
) -> RosterEntry:
    """One line of it."""
    return RosterEntry(name, 101, apps or (A,), state, reason, is_leaving)


def why(stage: Stage, app: str = A) -> str | None:
    """Why there is no hope for an app."""
    return stage.router.services[app].hopeless_because


def test_before_the_first_roster_there_is_hope() -> None:
    """Nobody knows better."""
    stage = Stage()
    judge(stage.router, 0.0)
    assert why(stage) is None


@pytest.mark.parametrize(
    ("state", "is_hope"),
    [("STARTING", True), ("RUNNING", True), ("STOPPING", True), ("BACKOFF", False), ("FATAL", False)],
)
def test_hope_by_state(state: str, is_hope: bool) -> None:
    """Workers that are up or coming are waited for."""
    stage = Stage()
    update(stage.router, Roster((entry(state),)), 1.0)
    assert (why(stage) is None) is is_hope
    assert why(stage, B) == "no worker has it"


def test_the_reason_names_every_worker() -> None:
    """With its state."""
    stage = Stage()
    update(stage.router, Roster((entry("FATAL", reason="no model"), entry("STOPPED", name="dirty:2"))), 1.0)
    assert why(stage) == "dirty:1: FATAL: no model; dirty:2: STOPPED"


def test_a_connected_worker_is_hope_whatever_the_roster_says() -> None:
    """Until it is lost."""
    stage = Stage()
    worker = stage.worker()
    update(stage.router, Roster((entry("BACKOFF"),)), 1.0)
    assert why(stage) is None
    lose_worker(stage.router, worker, 2.0)
    judge(stage.router, 2.0)
    assert stage.router.services[A].hopeless_since == 2.0


def test_hopelessness_lasts_from_its_beginning() -> None:
    """A new reason does not begin it anew, hope ends it."""
    stage = Stage()
    for now, state in ((1.0, "BACKOFF"), (2.0, "FATAL")):
        update(stage.router, Roster((entry(state),)), now)
    assert stage.router.services[A].hopeless_since == 1.0
    update(stage.router, Roster((entry("STARTING"),)), 3.0)
    assert why(stage) is None


def test_a_worker_that_the_daemon_lets_go_gets_no_calls() -> None:
    """Even before it says so itself."""
    stage = Stage()
    stage.worker()
    update(stage.router, Roster((entry("RUNNING", is_leaving=True),)), 1.0)
    assert stage.call().lane is None
