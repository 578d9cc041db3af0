"""What systemd is told: ready, one true sentence, alive, and more time."""

import asyncio
from typing import cast

import pytest

from supervisord_lite.daemon.readiness import MARGIN, Readiness
from supervisord_lite.model.events import Start, Stop
from supervisord_lite.model.policy import Policy, Restart
from supervisord_lite.model.states import State
from supervisord_lite.supervise.launcher import LaunchError
from supervisord_lite.supervise.plan import Kind
from supervisord_lite.systemd.notify import Notifier
from tests.unit.supervise.stage import QUICK, Stage


class FakeNotifier:
    """Remembers what it is told; a status only where it changes."""

    def __init__(self) -> None:
        self.watchdog: float | None = None
        self.told: list[str | float] = []
        self.sentence = ""
        self.alive_at: list[float] = []

    def status(self, sentence: str) -> None:
        self.sentence = sentence

    def ready(self) -> None:
        self.told.append("ready")

    def extend(self, seconds: float) -> None:
        self.told.append(seconds)

    def alive(self) -> None:
        self.alive_at.append(asyncio.get_running_loop().time())


@pytest.fixture
def notifier() -> FakeNotifier:
    """Nothing said."""
    return FakeNotifier()


@pytest.fixture
def readiness(stage: Stage, notifier: FakeNotifier) -> Readiness:
    """Watching the stage."""
    made = Readiness(stage.programs, cast(Notifier, notifier))
    stage.news.listen(made.on_transition)
    return made


async def test_ready_is_when_everything_serves(
    stage: Stage, readiness: Readiness, notifier: FakeNotifier
) -> None:
    """Once, and not before the last."""
    quick, slow = stage.add("quick"), stage.add("slow", policy=Policy(startsecs=20.0))
    stage.feed(quick, Start())
    stage.feed(slow, Start())
    await stage.pass_time(10)
    assert "ready" not in notifier.told
    assert notifier.sentence == "1 of 2 programs running, 1 starting"
    await stage.pass_time(20)
    assert notifier.told.count("ready") == 1
    assert notifier.sentence == "2 of 2 programs running"
    stage.kernel.end(101)
    await stage.pass_time(60)
    assert notifier.told.count("ready") == 1


async def test_a_failure_is_a_verdict_too(stage: Stage, readiness: Readiness, notifier: FakeNotifier) -> None:
    """One bad program does not keep the others from being ready, and is named."""
    stage.launcher.failures["bad"] = [LaunchError("no such file")] * 99
    good, bad = stage.add("good"), stage.add("bad")
    waiting = stage.add("waiting", after=("bad",))
    with stage.supervisor.together():
        for program in (waiting, good, bad):
            stage.feed(program, Start())
    await stage.reaches(bad, State.BACKOFF)
    await readiness.is_ready.wait()
    assert "1 of 3 programs running" in notifier.sentence
    assert notifier.sentence.endswith("; bad BACKOFF: could not start: no such file")


async def test_the_first_verdict_counts(stage: Stage, readiness: Readiness, notifier: FakeNotifier) -> None:
    """A program that crashed meanwhile and is starting again has had its own."""
    first, slow = stage.add("first"), stage.add("slow", policy=Policy(startsecs=2.5))
    stage.launcher.gates["first"] = asyncio.Event()
    stage.launcher.gates["first"].set()
    stage.feed(first, Start())
    stage.feed(slow, Start())
    await stage.reaches(first, State.RUNNING)
    stage.launcher.gates["first"].clear()
    stage.kernel.end(stage.pid(first))
    await stage.reaches(slow, State.RUNNING)
    await stage.pass_time(1)
    assert first.life.state is State.STARTING
    assert readiness.is_ready.is_set()


async def test_what_is_not_started_needs_no_verdict(
    stage: Stage, readiness: Readiness, notifier: FakeNotifier
) -> None:
    """Nor does a daemon without programs wait for anything."""
    readiness.look_soon()
    await readiness.is_ready.wait()
    assert notifier.sentence == "no programs configured"
    stage.add("idle")
    assert readiness.sentence() == "0 of 1 programs running, 1 stopped"


async def test_a_slow_start_gets_more_time(
    stage: Stage, readiness: Readiness, notifier: FakeNotifier
) -> None:
    """As much as the slowest may take, an hour where that is for ever."""
    stage.feed(stage.add("slow", policy=Policy(notify=True, ready_timeout=100.0)), Start())
    await stage.pass_time(1)
    assert notifier.told == [MARGIN + 100.0]
    stage.feed(stage.add("slower", policy=Policy(startsecs=float("inf"))), Start())
    await stage.pass_time(1)
    assert notifier.told[-1] == MARGIN + 3600.0


async def test_a_stop_says_what_is_left(stage: Stage, readiness: Readiness, notifier: FakeNotifier) -> None:
    """And asks for as much time as the slowest may take."""
    one, two = stage.add("one", policy=Policy(stop_timeout=90.0)), stage.add("two", after=("one",))
    stage.feed(one, Start())
    stage.feed(two, Start())
    await stage.reaches(two, State.RUNNING)
    await stage.pass_time(1)
    readiness.is_stopping = True
    readiness.look_soon()
    await stage.pass_time(1)
    assert notifier.sentence == "shutting down, 2 programs left"
    assert notifier.told[-1] == MARGIN + 90.0
    stage.feed(one, Stop())
    stage.feed(two, Stop())
    await stage.pass_time(1)
    assert notifier.sentence == "shutting down"


async def test_the_daemons_own_programs_are_no_news(stage: Stage, readiness: Readiness) -> None:
    """Unless they are in trouble."""
    spawner = stage.add("spawner", kind=Kind.SPAWNER)
    stage.feed(spawner, Start())
    await stage.reaches(spawner, State.RUNNING)
    assert readiness.sentence() == "no programs configured"
    stage.kernel.end(101, code=1)
    await stage.reaches(spawner, State.BACKOFF)
    assert readiness.sentence() == (
        "0 of 1 programs running, 1 backoff; spawner BACKOFF: exited with status 1 after 1s"
    )


async def test_who_finished_well_is_in_no_trouble(stage: Stage, readiness: Readiness) -> None:
    """It is counted, and not explained."""
    once = stage.add("once", policy=Policy(restart=Restart.ON_FAILURE))
    stage.feed(once, Start())
    await stage.reaches(once, State.RUNNING)
    stage.kernel.end(101, code=0)
    await stage.reaches(once, State.EXITED)
    assert readiness.sentence() == "0 of 1 programs running, 1 exited"


async def test_only_three_are_explained(stage: Stage, readiness: Readiness) -> None:
    """A sentence stays one."""
    for number in range(5):
        stage.launcher.failures[f"p{number}"] = [LaunchError("no")]
        program = stage.add(f"p{number}", policy=QUICK)
        stage.feed(program, Start())
    await stage.reaches(program, State.BACKOFF)
    assert readiness.sentence().count("could not start") == 3


async def test_many_transitions_are_one_status(
    stage: Stage, readiness: Readiness, notifier: FakeNotifier
) -> None:
    """However much happens at a time, systemd is told once."""
    for number in range(50):
        stage.feed(stage.add(f"p{number}"), Start())
    await stage.pass_time(0.5)
    assert len(notifier.told) == 1


async def test_the_watchdog_is_fed_twice_an_interval(
    stage: Stage, readiness: Readiness, notifier: FakeNotifier
) -> None:
    """From the start."""
    notifier.watchdog = 10.0
    readiness.watch_dog()
    await stage.pass_time(21)
    assert notifier.alive_at == [1000.0, 1005.0, 1010.0, 1015.0, 1020.0]


async def test_a_loop_that_is_late_does_not_feed_it(
    stage: Stage, readiness: Readiness, notifier: FakeNotifier, caplog: pytest.LogCaptureFixture
) -> None:
    """One that hung for half an interval says so, and goes on when it is on time again."""
    notifier.watchdog = 10.0
    readiness.watch_dog()
    asyncio.get_running_loop().call_later(1.0, setattr, stage.kernel, "clock", 1011.0)
    await stage.pass_time(20)
    assert notifier.alive_at == [1000.0, 1016.0]
    assert caplog.messages == ["supervisord-lite: the event loop was 6.0s late"]


async def test_without_a_watchdog_nothing_wakes_the_loop(
    stage: Stage, readiness: Readiness, notifier: FakeNotifier
) -> None:
    """An idle daemon stays idle."""
    readiness.watch_dog()
    await stage.pass_time(100)
    assert notifier.alive_at == []


class SlowPools:
    """Their programs are not there yet."""

    is_decided = False
    problems: dict[str, str] = {}  # noqa: RUF012 - each test gives it its own


async def test_ready_waits_for_pools_that_are_not_there_yet(
    stage: Stage, readiness: Readiness, notifier: FakeNotifier
) -> None:
    """And what is wrong with one is in the sentence."""
    pools = SlowPools()
    readiness.pools = pools
    web = stage.add("web")
    stage.feed(web, Start())
    await stage.reaches(web, State.RUNNING)
    await stage.pass_time(1)
    assert "ready" not in notifier.told
    pools.is_decided, pools.problems = True, {"dirty": "workers must be at least 2"}
    readiness.look_soon()
    await stage.pass_time(1)
    assert "ready" in notifier.told
    assert notifier.sentence == "1 of 1 programs running; pool dirty: workers must be at least 2"
