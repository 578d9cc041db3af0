"""Keeping a pool: who comes and goes, and what the arbiter hears and asks."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import msgspec
import pytest

from supervisord_lite.model.assignment import AppSpec
from supervisord_lite.model.crew import CannotScale
from supervisord_lite.model.events import Stop
from supervisord_lite.model.states import Cause, State
from supervisord_lite.supervise.pools.attributes import understood
from supervisord_lite.supervise.staffing import let_go
from supervisord_lite.wire.backstage import (
    Abort,
    Answer,
    Ask,
    CancelCall,
    Cancelled,
    Gone,
    Manage,
    Replace,
    Report,
    Roster,
    Scale,
    Settings,
)
from supervisord_lite.wire.hook_orders import ArbiterFacts
from supervisord_lite.wire.worker_orders import ARBITER_FACTS
from tests.fakes.kernel import DIES
from tests.unit.supervise.stage import Stage

from .kept import Kept

PAIR = AppSpec("shop:Pair", 2)


async def test_an_arbiter_is_told_what_it_is_and_who_works(kept: Kept) -> None:
    """Settings first, then everybody, again after every change."""
    keeper = await kept.open(workers=2, timeout=7.0)
    words = kept.arbiter.heard()
    assert isinstance(words[0], Settings)
    assert (words[0].pool, words[0].apps, words[0].timeout) == ("dirty", ("shop:Echo",), 7.0)
    roster = words[-1]
    assert isinstance(roster, Roster)
    assert [(w.name, w.state, w.apps) for w in roster.workers] == [
        ("dirty:1", "RUNNING", ("shop:Echo",)),
        ("dirty:2", "RUNNING", ("shop:Echo",)),
    ]
    assert [w.pid for w in roster.workers] == [program.pid for program in keeper.programs().values()]
    kept.leave()


async def test_nobody_is_said_to_work_before_it_is_known(kept: Kept) -> None:
    """No roster comes before the workers have been hired."""
    await kept.open()
    kinds = [type(word).__name__ for word in kept.arbiter.heard()]
    assert kinds.index("Roster") > kinds.index("Settings")
    assert kept.stage.programs.absent == {}
    kept.leave()


async def test_an_end_is_told_with_how_it_came(kept: Kept, stage: Stage) -> None:
    """Before the roster that has its successor."""
    await kept.open()
    await stage.pass_time(5)
    kept.arbiter.heard()
    pid = stage.pid(kept.program("dirty:1"))
    stage.kernel.end(pid, signal=9)
    await stage.pass_time(0.2)
    words = kept.arbiter.heard()
    assert words[0] == Gone("dirty:1", pid, "was killed by SIGKILL")
    assert isinstance(words[-1], Roster)
    assert words[-1].workers[0].state == "STARTING"
    assert words[-1].workers[0].pid not in (None, pid)
    kept.leave()


async def test_who_fails_in_init_is_told_with_the_reason(kept: Kept, stage: Stage) -> None:
    """A call that waits for it can say why it fails."""
    await kept.open(ready=False)
    stage.kernel.end(stage.pid(kept.program("dirty:1")), code=3)
    await stage.pass_time(0.2)
    (worker,) = kept.roster().workers
    assert (worker.state, worker.pid) == ("BACKOFF", None)
    assert worker.reason.startswith("exited with status 3")
    kept.leave()


async def test_who_had_served_comes_back(kept: Kept, stage: Stage) -> None:
    """Even if it died so young that there is a pause before: calls wait for it."""
    await kept.open()
    stage.kernel.end(stage.pid(kept.program("dirty:1")), code=3)
    await stage.pass_time(0.2)
    assert kept.states() == {"dirty:1": "BACKOFF"}
    (worker,) = kept.roster().workers
    assert (worker.state, worker.pid) == ("STARTING", None)
    kept.leave()


async def test_a_worker_is_told_of_its_arbiter_as_it_is_now(kept: Kept, stage: Stage) -> None:
    """At each launch; another arbiter is no other definition of the worker."""
    keeper = await kept.open(PAIR, AppSpec("shop:Echo"), workers=2)
    worker, arbiter = kept.program("dirty:1"), kept.program("dirty:arbiter")
    plan, first = worker.plan, stage.pid(arbiter)
    facts = msgspec.json.decode(worker.surroundings()[ARBITER_FACTS], type=ArbiterFacts)
    assert facts == ArbiterFacts("dirty", first, 2, ("shop:Pair", "shop:Echo"))
    stage.kernel.end(first, signal=9)
    await stage.pass_time(5)
    keeper.resize(3)
    facts = msgspec.json.decode(worker.surroundings()[ARBITER_FACTS], type=ArbiterFacts)
    assert (facts.pid, facts.num_workers) == (stage.pid(arbiter), 3)
    assert worker.newest == plan
    assert stage.history("dirty:1") == ["STARTING", "RUNNING"]
    kept.leave()


async def test_its_zygote_stays_for_those_who_drain(kept: Kept, stage: Stage) -> None:
    """Where it is removed too: the hooks of who leaves are run in forks of it."""
    keeper = await kept.open()
    zygote = kept.program("zygote")
    keeper.leave(Cause.REMOVED)
    let_go(stage.supervisor, zygote, Cause.REMOVED)
    await stage.pass_time(1)
    assert keeper.has_left
    assert (zygote.life.state, zygote.waiting_for) == (State.STOPPING, "dirty (draining)")
    kept.leave()
    await stage.pass_time(1)
    assert zygote.life.state is State.STOPPED


async def test_the_arbiter_asks_for_a_replacement(kept: Kept, stage: Stage) -> None:
    """The new one is ready before the old one is asked to go; who has gone already is not replaced."""
    await kept.open()
    program = kept.program("dirty:1")
    kept.arbiter.say(Replace("dirty:1", 1, "max_calls"))
    await stage.pass_time(0.1)
    assert kept.states() == {"dirty:1": "RUNNING"}
    kept.arbiter.say(Replace("dirty:1", stage.pid(program), "max_calls"))
    await stage.pass_time(0.1)
    assert kept.states() == {"dirty:1": "RUNNING", "dirty:2": "STARTING"}
    await kept.ready("dirty:2")
    assert kept.states() == {"dirty:2": "RUNNING"}
    assert stage.history("dirty:1")[-2:] == ["STOPPING", "STOPPED"]
    kept.leave()


async def test_the_arbiter_gives_a_worker_up(kept: Kept, stage: Stage) -> None:
    """SIGABRT for its stacks; it is there again at once, and its end says what it did."""
    stage.launcher.reactions = {6: DIES, 15: DIES}
    await kept.open()
    await stage.pass_time(5)
    program = kept.program("dirty:1")
    pid = stage.pid(program)
    kept.arbiter.say(Abort("dirty:1", pid, "shop:Echo:sleep ran past the timeout of 300s"))
    await stage.pass_time(0.2)
    assert (pid, 6) in stage.kernel.sent
    assert program.life.state is State.STARTING
    assert program.last_exit is not None
    assert "(shop:Echo:sleep ran past the timeout of 300s)" in program.last_exit.sentence()
    kept.leave()


async def test_signals_and_clients_scale_through_the_arbiter(kept: Kept, stage: Stage) -> None:
    """Each is answered under its number; a refusal is a sentence."""
    keeper = await kept.open(PAIR, AppSpec("shop:Echo"), workers=2)
    kept.arbiter.heard()
    kept.arbiter.say(Scale(1, 1), Scale(2, -2), Manage(3, 1, 2), Manage(4, 2, 9), Manage(5, 7, 1))
    await stage.pass_time(0.1)
    answers = {word.number: word for word in kept.arbiter.heard_of(Answer)}
    assert answers[1] == Answer(1, None, {"target_workers": 3})
    assert answers[2].error == "Cannot decrease below 2 workers (required by app specs)"
    assert (answers[3].result["spawned"], answers[3].result["target_workers"]) == (2, 5)
    assert (answers[4].result["removed"], answers[4].result["target_workers"]) == (3, 2)
    assert answers[4].result["reason"]
    assert answers[5].error == "Unknown manage operation: 7"
    assert keeper.crew.wanted == 2
    kept.leave()


async def test_questions_are_answered_by_their_numbers(kept: Kept, stage: Stage) -> None:
    """In whatever order the answers come; one that does not come is given up."""
    keeper = await kept.open()
    kept.arbiter.heard()
    first = _begin(keeper.line.report())
    second = _begin(keeper.line.cancel(17))
    await stage.pass_time(0.1)
    asked, cancel = kept.arbiter.heard()
    assert isinstance(asked, Ask)
    assert isinstance(cancel, CancelCall)
    assert cancel.call == 17
    report = Report(asked.number, 1, 2, 3, 4, (), (), ())
    kept.arbiter.say(Cancelled(cancel.number, "there is no call 17"), report)
    assert await first == report
    assert await second == "there is no call 17"
    silent = _begin(keeper.line.report())
    await stage.pass_time(3)
    assert str(silent.exception()) == "the arbiter of dirty does not answer"
    kept.leave()


async def test_the_next_arbiter_is_told_everything(kept: Kept, stage: Stage) -> None:
    """On a connection of its own, which waits for it."""
    await kept.open()
    await stage.pass_time(1)
    kept.arbiter.end()
    await stage.pass_time(0.1)
    hello = kept.arbiter.accept()
    assert (hello.role, hello.name) == ("daemon", "dirty")
    kinds = [type(word) for word in kept.arbiter.heard()]
    assert kinds == [Settings, Roster]
    kept.leave()


async def test_a_new_definition_rolls_through(kept: Kept, stage: Stage) -> None:
    """One by one, and each with the environment of its own definition."""
    keeper = await kept.open(workers=2)
    new = kept.define(workers=2, launch={"env": {"COLOUR": "red"}})
    keeper.change(new, understood(new.pool, {}), keeper.sockets)
    await kept.ready("dirty:3")
    assert kept.states() == {"dirty:2": "RUNNING", "dirty:3": "RUNNING", "dirty:4": "STARTING"}
    await kept.ready("dirty:4")
    assert kept.states() == {"dirty:3": "RUNNING", "dirty:4": "RUNNING"}
    assert kept.program("dirty:3").definition.launch.env["COLOUR"] == "red"
    assert keeper.problem == ""
    kept.leave()


async def test_a_new_definition_that_fails_is_a_problem(kept: Kept, stage: Stage) -> None:
    """Who serves goes on, by the old definition, even when he is replaced."""
    keeper = await kept.open()
    new = kept.define(launch={"env": {"COLOUR": "red"}})
    keeper.change(new, understood(new.pool, {}), keeper.sockets)
    await stage.pass_time(0.1)
    stage.kernel.end(stage.pid(kept.program("dirty:2")), code=3)
    await stage.pass_time(0.1)
    assert kept.states() == {"dirty:1": "RUNNING"}
    assert keeper.problem.startswith("new definition failed: dirty:2 exited with status 3")
    pid = stage.pid(kept.program("dirty:1"))
    kept.arbiter.say(Replace("dirty:1", pid, "max_age"))
    await stage.pass_time(0.1)
    assert "COLOUR" not in kept.program("dirty:2").definition.launch.env
    kept.leave()


async def test_what_needs_no_process_is_told(kept: Kept, stage: Stage) -> None:
    """Settings to the arbiter, policies to the lives."""
    keeper = await kept.open()
    kept.arbiter.heard()
    new = kept.define(timeout=9.0)
    keeper.change(new, understood(new.pool, {}), keeper.sockets)
    await stage.pass_time(0.1)
    (settings,) = kept.arbiter.heard_of(Settings)
    assert isinstance(settings, Settings)
    assert settings.timeout == 9.0
    assert stage.history("dirty:1") == ["STARTING", "RUNNING"]
    kept.leave()


async def test_a_stopped_pool_that_grows_stays_stopped(kept: Kept, stage: Stage) -> None:
    """The new worker is there, and waits to be started with the others."""
    keeper = await kept.open()
    with stage.supervisor.together():
        for name in ("dirty:1", "dirty:arbiter"):
            stage.feed(kept.program(name), Stop())
    await stage.pass_time(1)
    keeper.resize(2)
    await stage.pass_time(1)
    assert kept.states() == {"dirty:1": "STOPPED", "dirty:2": "STOPPED"}
    kept.leave()


async def test_a_pool_leaves_in_order(kept: Kept, stage: Stage) -> None:
    """The workers drain first, and the arbiter stays for them."""
    keeper = await kept.open(workers=2)
    keeper.leave(Cause.REMOVED)
    await stage.pass_time(1)
    stopped = [t.name for t in stage.told if t.after is State.STOPPED]
    assert stopped[-1] == "dirty:arbiter"
    assert set(stopped[:-1]) == {"dirty:1", "dirty:2"}
    assert keeper.has_left
    kept.leave()


async def test_before_it_is_open_it_cannot_be_scaled(kept: Kept) -> None:
    """Nobody knows yet what its apps ask for."""
    keeper = kept._keep(kept.define())
    with pytest.raises(CannotScale, match=r"^dirty has no workers yet: it is starting$"):
        keeper.resize(3)
    keeper.close()


def _begin(question: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    return asyncio.get_running_loop().create_task(question)
