"""start, stop, restart, reload, signal and wait: each answered when its verdict is known."""

import asyncio
from signal import SIGHUP, SIGTERM
from typing import Any

import pytest
from msgspec.structs import replace

from supervisord_lite.control.requests import RequestRefused
from supervisord_lite.control.steering import Outcome, Steering, signal_number
from supervisord_lite.model.policy import Policy, Restart
from supervisord_lite.model.states import State
from supervisord_lite.supervise.launcher import LaunchError
from supervisord_lite.supervise.program import Supervised
from tests.fakes.kernel import DIES, IGNORES
from tests.unit.supervise.stage import QUICK, Stage


@pytest.fixture
def steering(stage: Stage) -> Steering:
    """At the helm of the stage."""
    return Steering(stage.supervisor, stage.kernel)


def messages(reply: dict[str, Any]) -> list[tuple[str, bool, str]]:
    """What became of each."""
    return [(outcome.name, outcome.ok, outcome.message) for outcome in reply["results"]]


async def running(stage: Stage, steering: Steering, *names: str) -> list[Supervised]:
    """Programs of these names that run."""
    programs = [stage.add(name) for name in names]
    assert (await steering.start(programs, True, None))["ok"]
    return programs


async def test_a_start_is_answered_when_it_serves(stage: Stage, steering: Steering) -> None:
    """Not before, and a second one says that it does already."""
    worker = stage.add("worker")
    first = await steering.start([worker], True, None)
    assert first == {
        "ok": True,
        "message": "started",
        "results": [Outcome("worker", True, State.RUNNING, "started")],
    }
    assert stage.kernel.clock == 1001.0
    again = await steering.start([worker], True, None)
    assert (again["ok"], again["message"]) == (True, "already running")


async def test_a_start_that_fails_says_how(stage: Stage, steering: Steering) -> None:
    """As soon as that is known; the daemon goes on trying."""
    stage.launcher.failures["worker"] = [LaunchError("/srv: no such directory")]
    reply = await steering.start([stage.add("worker")], True, None)
    assert (reply["ok"], reply["code"]) == (False, "failed")
    expected = "worker: BACKOFF: could not start: /srv: no such directory, restart in 2s"
    assert reply["error"] == expected


async def test_a_start_that_is_under_way_is_waited_for(stage: Stage, steering: Steering) -> None:
    """Whoever asked first."""
    worker = stage.add("worker")
    await steering.start([worker], False, None)
    reply = await steering.start([worker], True, None)
    assert messages(reply) == [("worker", True, "already starting")]


async def test_a_start_that_waits_for_a_failed_one_is_answered(stage: Stage, steering: Steering) -> None:
    """Nobody waits for what may never come."""
    stage.launcher.failures["db"] = [LaunchError("no")] * 5
    db, web = stage.add("db"), stage.add("web", after=("db",))
    reply = await steering.start([db, web], True, None)
    assert messages(reply) == [
        ("db", False, "BACKOFF: could not start: no, restart in 2s"),
        ("web", False, "STARTING: waiting for db (BACKOFF: could not start: no)"),
    ]


async def test_patience_may_be_limited(stage: Stage, steering: Steering) -> None:
    """A timeout is an answer of its own, and what was asked for goes on."""
    stage.launcher.setups["worker"] = asyncio.Event()
    worker = stage.add("worker", policy=Policy(startsecs=100.0))
    reply = await steering.start([worker], True, 5.0)
    assert (reply["ok"], reply["code"]) == (False, "timeout")
    assert stage.kernel.clock == 1005.0
    stage.launcher.setups["worker"].set()
    await stage.reaches(worker, State.RUNNING)


async def test_without_waiting_the_answer_comes_at_once(stage: Stage, steering: Steering) -> None:
    """It says where each is now."""
    reply = await steering.start([stage.add("worker")], False, None)
    assert (reply["ok"], reply["message"]) == (True, "STARTING: being launched")


async def test_a_stop_is_answered_when_nothing_is_left(stage: Stage, steering: Steering) -> None:
    """And what is down already is a success."""
    (worker,) = await running(stage, steering, "worker")
    other = stage.add("other")
    reply = await steering.stop([worker, other], True, None)
    assert messages(reply) == [("worker", True, "stopped"), ("other", True, "already stopped")]
    assert reply["message"] == "2 programs: done"
    assert worker.child is None


async def test_a_restart_is_answered_by_the_new_process(stage: Stage, steering: Steering) -> None:
    """One that is down is started by it."""
    (worker,) = await running(stage, steering, "worker")
    other = stage.add("other")
    reply = await steering.restart([worker, other], True, None)
    assert messages(reply) == [("worker", True, "restarted"), ("other", True, "restarted")]
    assert worker.pid == 103


async def test_a_reload_is_a_signal_where_there_is_one(stage: Stage, steering: Steering) -> None:
    """Else it is a restart; each program has its own outcome."""
    stage.launcher.reactions = {SIGHUP: IGNORES, SIGTERM: DIES}
    by_signal = stage.add("web", policy=replace(QUICK, reload_signal=int(SIGHUP)))
    other = stage.add("mail")
    await steering.start([by_signal, other], True, None)
    reply = await steering.reload([other, by_signal], True, None)
    assert messages(reply) == [("web", True, "sent SIGHUP to pid 101"), ("mail", True, "restarted")]


async def test_a_reload_that_takes_too_long_is_a_timeout(stage: Stage, steering: Steering) -> None:
    """As with any other command that waits."""
    stage.launcher.reactions = {SIGTERM: IGNORES}
    programs = await running(stage, steering, "web")
    reply = await steering.reload(programs, True, 1.0)
    assert (reply["ok"], reply["code"]) == (False, "timeout")


async def test_a_signal_is_sent_to_what_has_a_process(stage: Stage, steering: Steering) -> None:
    """The others say that they have none."""
    stage.launcher.reactions = {SIGHUP: IGNORES}
    (worker,) = await running(stage, steering, "worker")
    reply = steering.signal([worker, stage.add("other")], SIGHUP)
    assert messages(reply) == [
        ("worker", True, "sent SIGHUP to pid 101"),
        ("other", False, "has no process: it is STOPPED"),
    ]
    assert reply["error"] == "other: has no process: it is STOPPED"


async def test_a_process_that_has_ended_is_not_signalled(stage: Stage, steering: Steering) -> None:
    """While what it left behind is ended, its pid may be another's."""
    (worker,) = await running(stage, steering, "worker")
    stage.kernel.spawn(500, parent=101, env=b"SUPERVISOR_COOKIE=worker\0").is_unkillable = True
    stage.kernel.end(101)
    await stage.pass_time(0.1)
    assert messages(steering.signal([worker], SIGHUP)) == [("worker", False, "its process has just ended")]


async def test_many_failures_are_summed_up(stage: Stage, steering: Steering) -> None:
    """The sentence names the first five."""
    programs = [stage.add(f"p{number}") for number in range(7)]
    reply = steering.signal(programs, SIGHUP)
    assert reply["error"].endswith("p4: has no process: it is STOPPED; and 2 more")
    assert len(reply["results"]) == 7


async def test_nothing_asked_is_done(stage: Stage, steering: Steering) -> None:
    """A glob may match nothing."""
    assert await steering.stop([], True, None) == {"ok": True, "message": "0 programs: done", "results": []}


@pytest.mark.parametrize("state", ["exited", "EXITED", "ready"])
async def test_waiting_ends_with_the_state(stage: Stage, steering: Steering, state: str) -> None:
    """In whatever case; "ready" counts who has finished well."""
    worker = stage.add("worker", policy=replace(QUICK, restart=Restart.ON_FAILURE, startsecs=9.0))
    await steering.start([worker], False, None)
    asyncio.get_running_loop().call_later(3.0, lambda: stage.kernel.end(101))
    reply = await steering.wait([worker], state, None)
    assert (reply["ok"], reply["message"], worker.life.state) == (True, state.lower(), State.EXITED)


async def test_waiting_in_vain_is_a_timeout(stage: Stage, steering: Steering) -> None:
    """With where it is instead."""
    reply = await steering.wait([stage.add("worker")], "running", 2.0)
    assert (reply["code"], reply["error"]) == ("timeout", "worker: STOPPED: not started")


async def test_waiting_for_no_state_is_refused(stage: Stage, steering: Steering) -> None:
    """The known ones are named."""
    with pytest.raises(
        RequestRefused, match=r'^no state is called "up"; known are ready, stopped, starting, '
    ):
        await steering.wait([stage.add("worker")], "up", None)


@pytest.mark.parametrize("given", [1, "1", "HUP", "hup", "SIGHUP", "sighup"])
def test_a_signal_has_many_names(given: int | str) -> None:
    """By number, with and without SIG, in whatever case."""
    assert signal_number(given) == SIGHUP


@pytest.mark.parametrize("given", [0, 999, -1, "", "SIG", "KILLALL", "²", "1.5"])
def test_an_unknown_signal_is_refused(given: int | str) -> None:
    """As a bad request."""
    with pytest.raises(RequestRefused, match=r"^no signal is called ") as refusal:
        signal_number(given)
    assert refusal.value.code == "bad_request"
