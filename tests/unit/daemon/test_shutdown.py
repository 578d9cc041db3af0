"""Taking everything down: in order, within a time, or at once."""

import asyncio
from signal import SIGTERM

import pytest

from supervisord_lite.daemon.shutdown import OWN_PROGRAMS, Shutdown, total_timeout
from supervisord_lite.model.events import Start
from supervisord_lite.model.policy import Policy
from supervisord_lite.model.states import State
from supervisord_lite.supervise.logfiles import LogFiles
from supervisord_lite.supervise.plan import Kind
from supervisord_lite.supervise.program import Supervised
from tests.fakes.definitions import a_supervisor
from tests.fakes.kernel import DIES, IGNORES
from tests.unit.supervise.stage import Stage

STUBBORN = Policy(startsecs=1.0, stop_timeout=1000.0)


async def no_last_words() -> None:
    """Nobody has any."""


async def running(stage: Stage, *programs: Supervised) -> None:
    """All of them are."""
    for program in programs:
        stage.feed(program, Start())
    await stage.until(lambda: all(program.life.state is State.RUNNING for program in programs))


def stopped(stage: Stage) -> list[str]:
    """In the order in which they stopped."""
    return [transition.name for transition in stage.told if transition.after is State.STOPPED]


async def test_programs_go_in_order_and_the_daemons_own_last(stage: Stage) -> None:
    """Followers before what they came after, and what launches them after all."""
    spawner = stage.add("spawner", kind=Kind.SPAWNER)
    db, web = stage.add("db"), stage.add("web", after=("db",))
    idle = stage.add("idle")
    await running(stage, spawner, db, web)
    await Shutdown(stage.supervisor, LogFiles(), no_last_words).run(60.0)
    assert stopped(stage) == ["web", "db", "spawner"]
    assert idle.life.state is State.STOPPED
    assert web.last_exit is not None
    assert "asked to end: shutdown" in web.last_exit.sentence()


async def test_who_does_not_go_in_time_is_killed(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """The whole daemon has one time for it."""
    stage.launcher.reactions = {SIGTERM: IGNORES}
    worker = stage.add("worker", policy=STUBBORN)
    await running(stage, worker)
    began = stage.kernel.clock
    await Shutdown(stage.supervisor, LogFiles(), no_last_words).run(20.0)
    assert stage.kernel.clock - began == pytest.approx(20.0)
    assert worker.life.state is State.STOPPED
    assert caplog.messages == [
        "supervisord-lite: 20s for an orderly stop have passed",
        "worker: killed, because the shutdown cannot wait",
    ]


async def test_for_ever_is_a_time_too(stage: Stage) -> None:
    """It ends with the last program."""
    stage.launcher.reactions = {SIGTERM: IGNORES}
    worker = stage.add("worker", policy=Policy(startsecs=1.0, stop_timeout=float("inf")))
    await running(stage, worker)
    asyncio.get_running_loop().call_later(5000.0, stage.kernel.end, 101)
    await Shutdown(stage.supervisor, LogFiles(), no_last_words).run(float("inf"))
    assert stage.kernel.clock == pytest.approx(6001.0)


async def test_a_second_request_kills_what_is_left(stage: Stage) -> None:
    """At once, the daemon's own programs too."""
    stage.launcher.reactions = {SIGTERM: IGNORES}
    programs = [stage.add("spawner", kind=Kind.SPAWNER), stage.add("db"), stage.add("web", after=("db",))]
    await running(stage, *programs)
    began = stage.kernel.clock
    shutdown = Shutdown(stage.supervisor, LogFiles(), no_last_words)
    asyncio.get_running_loop().call_later(3.0, shutdown.at_once)
    await shutdown.run(1000.0)
    assert stage.kernel.clock - began < 4.0
    assert all(program.life.state is State.STOPPED for program in programs)


async def test_what_starts_or_waits_goes_too(stage: Stage) -> None:
    """In whatever state it is: held, in launch, in backoff."""
    stage.launcher.gates["slow"] = asyncio.Event()
    slow, waiting = stage.add("slow"), stage.add("waiting", after=("slow",))
    crashed = stage.add("crashed")
    with stage.supervisor.together():
        for program in (slow, waiting, crashed):
            stage.feed(program, Start())
    await stage.reaches(crashed, State.RUNNING)
    stage.kernel.end(101, code=1)
    await stage.reaches(crashed, State.BACKOFF)
    await Shutdown(stage.supervisor, LogFiles(), no_last_words).run(60.0)
    assert {slow.life.state, waiting.life.state, crashed.life.state} == {State.STOPPED}


async def test_what_the_kernel_holds_is_killed_until_it_goes(stage: Stage) -> None:
    """The daemon gives its programs time to end."""
    stage.launcher.reactions = {SIGTERM: IGNORES}
    worker = stage.add("worker", policy=STUBBORN)
    await running(stage, worker)
    stage.kernel.processes[101].is_unkillable = True
    asyncio.get_running_loop().call_later(20.0, stage.kernel.end, 101)
    await Shutdown(stage.supervisor, LogFiles(), no_last_words).run(5.0)
    assert stage.kernel.clock == pytest.approx(1021.0)


async def test_what_never_goes_is_left_behind(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """The daemon ends all the same, and says what it left."""
    stage.launcher.reactions = {SIGTERM: IGNORES}
    worker = stage.add("worker", policy=STUBBORN)
    await running(stage, worker)
    stage.kernel.processes[101].is_unkillable = True
    await Shutdown(stage.supervisor, LogFiles(), no_last_words).run(5.0)
    assert "worker: left behind, because it does not die or may not be killed" in caplog.messages


async def test_the_daemons_own_have_a_time_of_their_own(stage: Stage) -> None:
    """A fork server that hangs is killed."""
    stage.launcher.reactions = {SIGTERM: IGNORES}
    await running(stage, stage.add("spawner", kind=Kind.SPAWNER, policy=STUBBORN))
    stage.launcher.reactions = {SIGTERM: DIES}
    began = stage.kernel.clock
    await Shutdown(stage.supervisor, LogFiles(), no_last_words).run(60.0)
    assert stage.kernel.clock - began == pytest.approx(OWN_PROGRAMS)


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        ({"shutdown_timeout": 7.0}, 7.0),
        ({"shutdown_timeout": None, "shutdown_buffer": 10.0}, 100.0),
        ({"shutdown_timeout": None, "shutdown_buffer": 0.0}, 90.0),
    ],
)
def test_the_time_is_the_slowest_and_a_buffer(
    stage: Stage, settings: dict[str, float | None], seconds: float
) -> None:
    """Unless it is configured; the daemon's own programs do not count."""
    stage.add("quick", policy=Policy(stop_timeout=5.0))
    stage.add("slow", policy=Policy(stop_timeout=90.0))
    stage.add("spawner", kind=Kind.SPAWNER, policy=Policy(stop_timeout=500.0))
    assert total_timeout(a_supervisor(**settings), stage.supervisor) == seconds


def test_without_programs_the_time_is_the_buffer(stage: Stage) -> None:
    """There is nothing to wait for."""
    assert total_timeout(a_supervisor(), stage.supervisor) == 10.0
