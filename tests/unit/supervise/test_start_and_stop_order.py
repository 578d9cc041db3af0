"""Starts and stops are held until what they wait for has come about."""

import socket
from collections.abc import Iterator
from signal import SIGTERM

import pytest

from supervisord_lite.model.events import Again, Start, Stop
from supervisord_lite.model.policy import Policy
from supervisord_lite.model.states import State
from supervisord_lite.supervise.plan import Kind
from supervisord_lite.supervise.program import Supervised
from supervisord_lite.zygote.server import ForkServer, ForkServerLost
from tests.fakes.kernel import IGNORES

from .stage import Stage


def start_together(stage: Stage, *programs: Supervised) -> None:
    """As one command does."""
    with stage.supervisor.together():
        for program in programs:
            stage.feed(program, Start())


def stop_together(stage: Stage, *programs: Supervised) -> None:
    """As one command does."""
    with stage.supervisor.together():
        for program in programs:
            stage.feed(program, Stop())


async def test_a_start_waits_until_the_other_is_ready(stage: Stage) -> None:
    """In whatever order they are named."""
    web = stage.add("web", after=("db",))
    db = stage.add("db", policy=Policy(startsecs=30.0))
    start_together(stage, web, db)
    await stage.pass_time(10)
    assert stage.launcher.launched == ["db"]
    assert web.describe(stage.kernel.now()) == "waiting for db (STARTING)"
    await stage.reaches(web, State.RUNNING)
    assert stage.launcher.launched == ["db", "web"]
    assert (db.life.ready_at, web.life.launched_at) == (1030.0, 1030.0)


async def test_a_start_does_not_wait_for_what_is_down(stage: Stage) -> None:
    """`after` orders what is on its way, and starts nothing by itself."""
    stage.add("db")
    web = stage.add("web", after=("db", "nobody"))
    stage.feed(web, Start())
    await stage.reaches(web, State.RUNNING)
    assert stage.launcher.launched == ["web"]


async def test_what_waits_for_a_failed_start_says_so(stage: Stage) -> None:
    """It goes on waiting, and starts when the other is up after all."""
    stage.launcher.failures["db"] = [ForkServerLost(), OSError(12, "no")]
    db, web = stage.add("db"), stage.add("web", after=("db",))
    start_together(stage, db, web)
    await stage.reaches(db, State.BACKOFF)
    assert web.waiting_for is not None
    assert web.waiting_for.startswith("db (BACKOFF: could not start: ")
    await stage.reaches(web, State.RUNNING)


async def test_the_held_start_is_let_go_when_the_other_is_stopped(stage: Stage) -> None:
    """Nobody waits for what is to be down."""
    db = stage.add("db", policy=Policy(startsecs=float("inf")))
    web = stage.add("web", after=("db",))
    start_together(stage, db, web)
    await stage.pass_time(10)
    stage.feed(db, Stop())
    await stage.reaches(web, State.RUNNING)


async def test_a_held_start_can_be_withdrawn(stage: Stage) -> None:
    """It is down at once, and stays down when what it waited for is ready."""
    db, web = stage.add("db", policy=Policy(startsecs=30.0)), stage.add("web", after=("db",))
    start_together(stage, db, web)
    await stage.pass_time(1)
    stage.feed(web, Stop())
    assert (web.life.state, web.held, web.waiting_for) == (State.STOPPED, None, None)
    await stage.reaches(db, State.RUNNING)
    await stage.pass_time(60)
    assert stage.launcher.launched == ["db"]


async def test_a_stop_waits_for_those_that_come_after(stage: Stage) -> None:
    """In whatever order they are named: who needs the other goes first."""
    db, web = stage.add("db"), stage.add("web", after=("db",))
    start_together(stage, db, web)
    await stage.reaches(web, State.RUNNING)
    stop_together(stage, db, web)
    assert db.describe(stage.kernel.now()) == "pid 101, to be stopped after web"
    await stage.reaches(db, State.STOPPED)
    assert [pid for pid, signal in stage.kernel.sent if signal == SIGTERM] == [102, 101]


async def test_a_stop_is_not_held_up_by_what_goes_on_running(stage: Stage) -> None:
    """Only followers that are themselves being stopped are waited for."""
    db, web = stage.add("db"), stage.add("web", after=("db",))
    start_together(stage, db, web)
    await stage.reaches(web, State.RUNNING)
    stage.feed(db, Stop())
    await stage.reaches(db, State.STOPPED)
    assert web.life.state is State.RUNNING


async def test_a_chain_is_stopped_from_its_end(stage: Stage) -> None:
    """One after the other, and the time to obey begins when each is asked."""
    stage.launcher.reactions = {SIGTERM: IGNORES}
    programs = [stage.add("a"), stage.add("b", after=("a",)), stage.add("c", after=("b",))]
    start_together(stage, *programs)
    await stage.reaches(programs[-1], State.RUNNING)
    began = stage.kernel.clock
    stop_together(stage, *programs)
    await stage.reaches(programs[0], State.STOPPED)
    stopped = [transition.name for transition in stage.told if transition.after is State.STOPPED]
    assert stopped == ["c", "b", "a"]
    assert round(stage.kernel.clock - began) == 30


async def test_a_restart_of_all_goes_down_and_up_in_order(stage: Stage) -> None:
    """Followers first on the way down, last on the way up."""
    db, web = stage.add("db"), stage.add("web", after=("db",))
    start_together(stage, db, web)
    await stage.reaches(web, State.RUNNING)
    stage.launcher.launched.clear()
    with stage.supervisor.together():
        stage.feed(db, Again())
        stage.feed(web, Again())
    await stage.until(lambda: (db.life.is_ready, web.life.is_ready, db.pid) == (True, True, 103))
    assert [pid for pid, signal in stage.kernel.sent if signal == SIGTERM] == [102, 101]
    assert stage.launcher.launched == ["db", "web"]


async def test_a_held_stop_whose_process_ends_by_itself_is_done(stage: Stage) -> None:
    """Nobody is asked then, and nothing is left over from it."""
    stage.launcher.reactions = {SIGTERM: IGNORES}
    db, web = stage.add("db"), stage.add("web", after=("db",))
    start_together(stage, db, web)
    await stage.reaches(web, State.RUNNING)
    stop_together(stage, db, web)
    stage.kernel.end(stage.pid(db))
    await stage.reaches(db, State.STOPPED)
    stage.feed(db, Start())
    await stage.reaches(db, State.RUNNING)
    await stage.reaches(web, State.STOPPED)
    await stage.pass_time(60)
    assert db.life.state is State.RUNNING
    assert SIGTERM not in stage.kernel.processes[stage.pid(db)].received


@pytest.fixture
def far_ends() -> Iterator[list[socket.socket]]:
    """The fork servers' ends of their sockets."""
    ends: list[socket.socket] = []
    yield ends
    for end in ends:
        end.close()


def a_fork_server(far_ends: list[socket.socket]) -> ForkServer:
    """A connection to one that never answers."""
    ours, theirs = socket.socketpair()
    far_ends.append(theirs)
    return ForkServer(ours, lambda _: None, lambda: None)


async def test_a_start_waits_for_its_fork_server(stage: Stage, far_ends: list[socket.socket]) -> None:
    """Until that runs and can be asked; a lost one is waited for until its successor is there."""
    zygote = stage.add("zygote", kind=Kind.ZYGOTE)
    worker = stage.add("worker", kind=Kind.TARGET, server="zygote")
    stage.feed(worker, Start())
    assert worker.waiting_for == "zygote (STOPPED)"
    zygote.serves = server = a_fork_server(far_ends)
    stage.feed(zygote, Start())
    await stage.reaches(worker, State.RUNNING)
    server.lose()
    stage.feed(worker, Again())
    await stage.reaches(worker, State.STARTING)
    assert worker.waiting_for == "zygote (ending)"
    stage.kernel.end(stage.pid(zygote))
    await stage.reaches(zygote, State.STARTING)
    zygote.serves = successor = a_fork_server(far_ends)
    await stage.reaches(worker, State.RUNNING)
    successor.lose()


async def test_a_launch_that_loses_its_fork_server_is_asked_of_the_next(stage: Stage) -> None:
    """It is no failure of the program."""
    stage.launcher.failures["worker"] = [ForkServerLost("ended")]
    worker = stage.add("worker")
    stage.feed(worker, Start())
    await stage.reaches(worker, State.RUNNING)
    assert stage.launcher.launched == ["worker", "worker"]
    assert (worker.exit_count, worker.life.failures) == (0, 0)
