"""Event, decide, effects, perform: what the supervisor does with what the model says."""

import asyncio
from signal import SIGCONT, SIGKILL, SIGTERM

import pytest

from supervisord_lite.model.events import Again, Start, Stop
from supervisord_lite.model.policy import Policy
from supervisord_lite.model.states import Cause, State
from supervisord_lite.supervise.launcher import LaunchError
from tests.fakes.definitions import a_plan, a_program
from tests.fakes.kernel import IGNORES

from .stage import Stage


async def test_a_start_launches_and_serves(stage: Stage) -> None:
    """The process is there, and after `startsecs` the program runs."""
    worker = stage.add("worker")
    stage.feed(worker, Start())
    await stage.reaches(worker, State.RUNNING)
    assert stage.kernel.clock == 1001.0
    assert [(t.seq, t.before, t.after, t.trigger, t.pid) for t in stage.told] == [
        (1, State.STOPPED, State.STARTING, "start", None),
        (2, State.STARTING, State.RUNNING, "ready", 101),
    ]
    assert stage.told[0].description == "being launched"


async def test_a_stop_is_a_signal_and_an_end(stage: Stage) -> None:
    """SIGTERM, and SIGCONT because a stopped process could not hear it; then nothing is left."""
    worker = stage.add("worker")
    stage.feed(worker, Start())
    await stage.reaches(worker, State.RUNNING)
    stage.feed(worker, Stop())
    await stage.reaches(worker, State.STOPPED)
    assert stage.kernel.sent == [(101, SIGTERM), (101, SIGCONT)]
    assert stage.kernel.processes[101].is_reaped
    assert worker.child is None
    assert worker.last_exit is not None
    assert worker.last_exit.sentence() == "killed by SIGTERM (asked to end: stop) after 1s"
    assert (worker.last_exit.user_cpu, worker.last_exit.peak_memory) == (0.25, 2**20)
    assert (worker.exit_count, worker.restarts) == (1, 0)
    assert stage.told[-1].exit is worker.last_exit


async def test_the_deaf_are_killed_when_their_time_is_up(stage: Stage) -> None:
    """After `stop_timeout` the whole tree gets SIGKILL."""
    stage.launcher.reactions = {SIGTERM: IGNORES}
    worker = stage.add("worker")
    stage.feed(worker, Start())
    await stage.reaches(worker, State.RUNNING)
    grandchild = stage.kernel.spawn(500, parent=101)
    stage.feed(worker, Stop())
    await stage.reaches(worker, State.STOPPED)
    assert stage.kernel.clock == pytest.approx(1011.0)
    assert not grandchild.lives
    assert worker.last_exit is not None
    assert worker.last_exit.killed


async def test_a_crash_is_followed_by_a_restart(stage: Stage) -> None:
    """After the delay, and it counts as one."""
    worker = stage.add("worker")
    stage.feed(worker, Start())
    await stage.reaches(worker, State.RUNNING)
    stage.kernel.end(101, code=1)
    await stage.reaches(worker, State.BACKOFF)
    assert worker.describe(stage.kernel.now()) == "exited with status 1 after 1s, restart in 2s"
    await stage.reaches(worker, State.RUNNING)
    assert (worker.pid, worker.restarts, worker.exit_count) == (102, 1, 1)


async def test_a_restart_by_hand_is_not_counted(stage: Stage) -> None:
    """Only what the daemon does by itself is."""
    worker = stage.add("worker")
    stage.feed(worker, Start())
    await stage.reaches(worker, State.RUNNING)
    stage.feed(worker, Again())
    await stage.reaches(worker, State.STARTING)
    await stage.reaches(worker, State.RUNNING)
    assert (worker.pid, worker.restarts) == (102, 0)


async def test_what_cannot_be_launched_says_why(stage: Stage) -> None:
    """It is tried again after the delay."""
    stage.launcher.failures["worker"] = [LaunchError("/srv: no such directory")]
    worker = stage.add("worker")
    stage.feed(worker, Start())
    await stage.reaches(worker, State.BACKOFF)
    assert worker.last_exit is not None
    assert worker.last_exit.sentence() == "could not start: /srv: no such directory"
    await stage.reaches(worker, State.RUNNING)
    assert stage.launcher.launched == ["worker", "worker"]


async def test_an_error_of_the_daemon_is_one_more_failed_start(stage: Stage) -> None:
    """Nothing that a launch raises leaves a program without a next step."""
    stage.launcher.failures["worker"] = [RuntimeError("a bug")]
    worker = stage.add("worker")
    stage.feed(worker, Start())
    await stage.reaches(worker, State.BACKOFF)
    assert worker.last_exit is not None
    assert worker.last_exit.error == "the daemon failed: RuntimeError('a bug')"
    await stage.reaches(worker, State.RUNNING)


async def test_a_launch_under_way_is_cancelled_by_a_stop(stage: Stage) -> None:
    """The program is down at once, and no process comes of it."""
    stage.launcher.gates["worker"] = asyncio.Event()
    worker = stage.add("worker")
    stage.feed(worker, Start())
    await stage.pass_time(1)
    assert stage.launcher.launched == ["worker"]
    stage.feed(worker, Stop())
    assert worker.life.state is State.STOPPED
    assert worker.last_exit is not None
    assert worker.last_exit.error == "it was stopped before it was started"
    stage.launcher.gates["worker"].set()
    await stage.pass_time(60)
    assert worker.child is None
    assert worker.launching is None
    assert stage.kernel.processes == {}


async def test_stop_and_start_while_a_launch_is_under_way_launch_anew(stage: Stage) -> None:
    """The cancelled launch does not get in the way of the next."""
    stage.launcher.gates["worker"] = asyncio.Event()
    worker = stage.add("worker")
    stage.feed(worker, Start())
    await stage.pass_time(1)
    stage.feed(worker, Stop(), Start())
    stage.launcher.gates["worker"].set()
    await stage.reaches(worker, State.RUNNING)
    assert stage.launcher.launched == ["worker", "worker"]
    assert list(stage.kernel.processes) == [101]


async def test_a_process_that_is_being_set_up_can_be_stopped(stage: Stage) -> None:
    """It is there, so it gets the signal; its launch comes to nothing."""
    stage.launcher.setups["worker"] = asyncio.Event()
    worker = stage.add("worker")
    stage.feed(worker, Start())
    await stage.pass_time(1)
    stage.feed(worker, Stop())
    await stage.reaches(worker, State.STOPPED)
    stage.launcher.setups["worker"].set()
    await stage.pass_time(60)
    assert stage.history("worker") == ["STARTING", "STOPPING", "STOPPED"]


async def test_infinite_patience_needs_no_timer(stage: Stage) -> None:
    """A program that is never killed waits for nothing but its end."""
    stage.launcher.reactions = {SIGTERM: IGNORES}
    worker = stage.add("worker", policy=Policy(stop_timeout=float("inf")))
    stage.feed(worker, Start())
    await stage.reaches(worker, State.RUNNING)
    stage.feed(worker, Stop())
    assert worker.timer is None
    stage.kernel.end(101)
    await stage.reaches(worker, State.STOPPED)


async def test_a_kill_means_only_what_the_program_still_has(stage: Stage) -> None:
    """A pid that has been reaped may be another's: it is not signalled any more."""
    stage.launcher.reactions = {SIGTERM: 0}
    worker = stage.add("worker")
    stage.feed(worker, Start())
    await stage.reaches(worker, State.RUNNING)
    rest = stage.kernel.spawn(500, parent=101)
    rest.is_unkillable = True
    stage.feed(worker, Stop())
    await stage.pass_time(0.1)
    assert stage.kernel.processes[101].is_reaped
    stage.kernel.spawn(101)  # a stranger gets the number
    stage.supervisor.kill(worker)
    assert stage.kernel.processes[101].received == []
    assert SIGKILL in rest.received
    await stage.reaches(worker, State.STOPPED)


async def test_a_new_definition_holds_with_the_next_process(stage: Stage) -> None:
    """The running process keeps the one it was started by."""
    worker = stage.add("worker")
    stage.feed(worker, Start())
    await stage.reaches(worker, State.RUNNING)
    old, new = worker.definition, a_program("worker", nice=5, after=("db",))
    worker.succeed(a_plan(new))
    assert (worker.definition, worker.after) == (old, ("db",))
    stage.feed(worker, Again(Cause.REREAD))
    assert worker.definition is old
    await stage.reaches(worker, State.STARTING)
    assert worker.definition is new
    await stage.reaches(worker, State.RUNNING)


async def test_who_is_leaving_is_forgotten_when_it_has_stopped(stage: Stage) -> None:
    """Not before."""
    worker = stage.add("worker")
    stage.feed(worker, Start())
    await stage.reaches(worker, State.RUNNING)
    worker.is_leaving = True
    stage.feed(worker, Stop(Cause.REMOVED))
    assert stage.programs.find("worker") is worker
    await stage.reaches(worker, State.STOPPED)
    assert stage.programs.find("worker") is None
    assert len(stage.programs) == 0


async def test_closing_ends_launches_and_timers(stage: Stage) -> None:
    """Nothing happens afterwards."""
    stage.launcher.gates["slow"] = asyncio.Event()
    slow, worker = stage.add("slow"), stage.add("worker")
    stage.feed(slow, Start())
    stage.feed(worker, Start())
    await stage.pass_time(0.5)
    await stage.supervisor.close()
    told = len(stage.told)
    await stage.pass_time(60)
    assert len(stage.told) == told
    assert slow.child is None


async def test_events_fed_while_news_are_told_come_afterwards(stage: Stage) -> None:
    """A listener that reacts does not get in between a step and its effects."""
    worker = stage.add("worker")

    def stop_at_once(transition: object) -> None:
        if worker.life.state is State.STARTING:
            stage.feed(worker, Stop())

    stage.news.listen(stop_at_once)
    stage.feed(worker, Start())
    assert stage.history("worker") == ["STARTING", "STOPPING", "STOPPED"]
    assert stage.launcher.launched == []
