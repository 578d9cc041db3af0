"""Every program by its name, and when the outcome of a start is known."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from supervisord_lite.model.events import Launch, Terminate
from supervisord_lite.model.exits import Exit
from supervisord_lite.model.life import Life
from supervisord_lite.model.states import State, Wanted
from supervisord_lite.supervise.plan import Kind
from supervisord_lite.supervise.program import Supervised
from supervisord_lite.supervise.registry import Absence, Registry
from tests.fakes.definitions import a_plan, a_program

S = State


def a_registry(*names: str, **after: tuple[str, ...]) -> Registry:
    """These programs, some of them after others."""
    registry = Registry()
    for name in names:
        registry.add(a_plan(a_program(name, after=after.get(name, ()))))
    return registry


def put(registry: Registry, name: str, state: State, **life: Any) -> Supervised:
    """The program is in this state, and wanted up unless that is stopped."""
    program = registry.find(name)
    assert program is not None
    wanted = Wanted.DOWN if state is S.STOPPED else Wanted.UP
    program.life = replace(Life(state=state, wanted=wanted), **life)
    return program


def test_programs_keep_their_order() -> None:
    """As they were added; one that was forgotten is gone."""
    registry = a_registry("b", "a", "c")
    assert [program.name for program in registry] == ["b", "a", "c"]
    registry.forget(next(iter(registry)))
    assert [program.name for program in registry] == ["a", "c"]
    assert (registry.find("b"), registry.life_of("b"), len(registry)) == (None, None, 2)


def test_programs_may_come_and_go_while_they_are_looked_at() -> None:
    """Looking is at those that were there."""
    registry = a_registry("a", "b")
    for program in registry:
        registry.forget(program)
    assert len(registry) == 0


@pytest.mark.parametrize(
    ("state", "is_known"),
    [
        (S.STARTING, False),
        (S.STOPPING, False),
        (S.RUNNING, True),
        (S.BACKOFF, True),
        (S.FATAL, True),
        (S.EXITED, True),
        (S.STOPPED, True),
    ],
)
def test_a_verdict_is_where_it_came_to(state: State, is_known: bool) -> None:
    """It serves, or it failed; on its way nothing is known yet."""
    registry = a_registry("web")
    assert registry.has_verdict(put(registry, "web", state)) is is_known


@pytest.mark.parametrize(
    ("state", "life", "is_known"),
    [
        (S.BACKOFF, {}, True),
        (S.FATAL, {}, True),
        (S.EXITED, {}, True),
        (S.EXITED, {"succeeded": True}, False),
        (S.STARTING, {}, False),
        (S.STOPPING, {}, False),
        (S.STOPPING, {"wanted": Wanted.DOWN}, False),
        (S.STOPPED, {}, False),
        (S.RUNNING, {}, False),
    ],
)
def test_who_waits_for_a_failed_one_has_its_verdict(
    state: State, life: dict[str, Any], is_known: bool
) -> None:
    """There is nothing to expect of it before the other has recovered."""
    registry = a_registry("db", "web", web=("db",))
    put(registry, "db", state, **life)
    web = put(registry, "web", S.STARTING)
    web.held = Launch()
    assert registry.has_verdict(web) is is_known


def test_a_verdict_is_handed_down_a_chain() -> None:
    """Who waits for who waits for a failed one has it too."""
    registry = a_registry("db", "api", "web", api=("db",), web=("api",))
    put(registry, "db", S.FATAL)
    api, web = put(registry, "api", S.STARTING), put(registry, "web", S.STARTING)
    api.held = web.held = Launch()
    assert registry.has_verdict(web)


def test_a_failed_fork_server_is_a_verdict_for_its_programs() -> None:
    """A preload that cannot be imported fails all that is forked from it; not so one that was killed."""
    registry = Registry()
    zygote = registry.add(a_plan(a_program("zygote"), Kind.ZYGOTE))
    put(registry, "zygote", S.BACKOFF)
    program = registry.add(a_plan(a_program("web", target="shop:run"), Kind.TARGET, "zygote"))
    program.life = Life(state=S.STARTING, wanted=Wanted.UP)
    program.held = Launch()
    zygote.last_exit = Exit(signal=9)
    assert not registry.has_verdict(program)
    zygote.last_exit = Exit(error="preload of shop failed: ImportError: no")
    assert registry.has_verdict(program)


def test_waiting_is_told_in_words() -> None:
    """Each with its state, and how it failed if it did."""
    registry = a_registry("db", "cache", "web", web=("db", "cache"))
    put(registry, "db", S.STARTING)
    put(registry, "cache", S.FATAL).last_exit = Exit(code=1, uptime=2)
    web = put(registry, "web", S.STARTING)
    words = registry.waits_for(web, Launch())
    assert words == "db (STARTING), cache (FATAL: exited with status 1 after 2s)"


def test_a_fork_server_is_waited_for_first() -> None:
    """One that is not there at all too."""
    registry = a_registry("db")
    program = registry.add(a_plan(a_program("web", after=("db",)), Kind.TARGET, "zygote"))
    assert registry.waits_for(program, Launch()) == "zygote"
    registry.add(a_plan(a_program("zygote"), Kind.ZYGOTE))
    assert registry.waits_for(program, Launch()) == "zygote (STOPPED)"


def test_the_order_of_stops_follows_the_newest_definitions() -> None:
    """A successor's `after` counts once the order has been looked at anew."""
    registry = a_registry("db", "web")
    web = put(registry, "web", S.STOPPING)
    db = put(registry, "db", S.STOPPING)
    assert registry.waits_for(db, Terminate(15)) is None
    web.succeed(a_plan(a_program("web", after=("db",))))
    registry.reorder()
    assert registry.waits_for(db, Terminate(15)) == "web"
    assert registry.waits_for(db, None) is None


def test_who_comes_after_a_group_waits_for_all_of_it() -> None:
    """For those that are here, and for those that are still to come."""
    registry = a_registry("dirty:1", "dirty:2", "web", web=("dirty",))
    put(registry, "dirty:1", S.RUNNING)
    put(registry, "dirty:2", S.STARTING)
    web = put(registry, "web", S.STARTING)
    assert registry.waits_for(web, Launch()) == "dirty:2 (STARTING)"
    registry.absent["dirty"] = Absence("starting")
    assert registry.waits_for(web, Launch()) == "dirty (starting), dirty:2 (STARTING)"
    put(registry, "dirty:2", S.STOPPING)
    put(registry, "web", S.STOPPING)
    second = registry.find("dirty:2")
    assert second is not None
    assert registry.waits_for(second, Terminate(15)) == "web"


def test_a_group_that_does_not_come_is_a_verdict() -> None:
    """Not so one that is on its way."""
    registry = a_registry("web", web=("dirty",))
    web = put(registry, "web", S.STARTING)
    web.held = Launch()
    registry.absent["dirty"] = Absence("starting")
    assert not registry.has_verdict(web)
    registry.absent["dirty"] = Absence("workers must be at least 2", is_verdict=True)
    assert registry.has_verdict(web)


async def test_who_is_not_here_yet_can_be_waited_for() -> None:
    """Several may wait, and one that gives up harms nobody; who is here is not waited for."""
    registry = a_registry("here")
    assert (await registry.arrival("here")).name == "here"
    first, second = (asyncio.ensure_future(registry.arrival("late")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    program = registry.add(a_plan(a_program("late")))
    assert await second is program


def test_a_fork_server_that_is_needed_is_not_asked_to_end() -> None:
    """Where it is to leave; a restart does not wait for those who drain."""
    registry = a_registry("zygote")
    zygote = put(registry, "zygote", S.STOPPING)
    registry.needed["dirty"] = "zygote"
    assert registry.waits_for(zygote, Terminate(15)) is None
    zygote.is_leaving = True
    assert registry.waits_for(zygote, Terminate(15)) == "dirty (draining)"
    del registry.needed["dirty"]
    assert registry.waits_for(zygote, Terminate(15)) is None
