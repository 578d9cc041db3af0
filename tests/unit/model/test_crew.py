"""Who works in a pool: every situation as what happens and what is to be done about it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervisord_lite.model.assignment import AppSpec
from supervisord_lite.model.crew import CannotScale, Crew, Dismiss, Hire, Orders, Renew, Say
from supervisord_lite.model.states import Cause

ECHO = AppSpec("shop:Echo")
MODEL = AppSpec("shop:Model", 2)


def opened(wanted: int, *specs: AppSpec) -> Crew:
    """A crew in which everybody serves."""
    crew = Crew("dirty", specs or (ECHO,), wanted)
    crew.open()
    for name in list(crew.members):
        crew.served(name)
    return crew


def told(orders: Orders) -> list[str]:
    """Orders in short; what is only said is left out."""
    words: list[str] = []
    for order in orders:
        match order:
            case Hire(member=member):
                words.append(f"hire {member.name}")
            case Renew(member=member):
                words.append(f"renew {member.name}")
            case Dismiss(name=name, cause=cause):
                words.append(f"dismiss {name} for {cause}")
    return words


def crashed(crew: Crew, name: str) -> Orders:
    """It waits for its next try."""
    return crew.ended(name, "exited with status 1", is_given_up=False, is_at_once=False)


def test_everybody_is_hired_with_what_he_loads() -> None:
    """Limited apps by the first ones; numbers from 1 on."""
    crew = Crew("dirty", (ECHO, MODEL), 3)
    assert told(crew.open()) == ["hire dirty:1", "hire dirty:2", "hire dirty:3"]
    assert {name: member.apps for name, member in crew.members.items()} == {
        "dirty:1": ("shop:Echo", "shop:Model"),
        "dirty:2": ("shop:Echo", "shop:Model"),
        "dirty:3": ("shop:Echo",),
    }


def test_nobody_is_hired_for_nothing() -> None:
    """Where every app has a limit, more workers than these have nothing to load."""
    crew = Crew("dirty", (MODEL,), 4)
    orders = crew.open()
    assert told(orders) == ["hire dirty:1", "hire dirty:2"]
    assert orders[-1] == Say(
        "2 of 4 workers are not started: All apps have reached their worker limits", True
    )
    assert crew.wanted == 2


def test_more_and_fewer() -> None:
    """The newest goes first, and its number is free again once it has gone."""
    crew = opened(2)
    assert told(crew.resize(4)) == ["hire dirty:3", "hire dirty:4"]
    assert told(crew.resize(2)) == ["dismiss dirty:4 for scale", "dismiss dirty:3 for scale"]
    crew.forget("dirty:3")
    assert told(crew.resize(3)) == ["hire dirty:3"]


def test_never_fewer_than_the_apps_need() -> None:
    """In gunicorn's words; and nothing has changed."""
    crew = opened(3, ECHO, MODEL)
    with pytest.raises(CannotScale, match=r"^Cannot decrease below 2 workers \(required by app specs\)$"):
        crew.resize(1)
    assert crew.wanted == 3
    assert told(crew.resize(2)) == ["dismiss dirty:3 for scale"]


def test_never_more_than_have_something_to_load() -> None:
    """A worker without apps could answer nothing."""
    crew = opened(2, MODEL)
    with pytest.raises(CannotScale, match=r"^All apps have reached their worker limits$"):
        crew.resize(3)


def test_nobody_may_ask_for_a_million() -> None:
    """A client's message is enough to scale."""
    with pytest.raises(CannotScale, match=r"^Cannot increase beyond 1000 workers$"):
        opened(2).resize(1_000_000)


def test_a_replacement_is_ready_first() -> None:
    """It loads the same; asked for twice, it comes once."""
    crew = opened(2, ECHO, MODEL)
    assert told(crew.replace("dirty:1", "max_calls")) == ["hire dirty:3"]
    assert told(crew.replace("dirty:1", "max_age")) == []
    assert crew.members["dirty:3"].apps == ("shop:Echo", "shop:Model")
    assert told(crew.served("dirty:3")) == ["dismiss dirty:1 for replacement"]
    assert told(crew.replace("dirty:1", "late")) == []


def test_a_replacement_that_fails_relieves_nobody() -> None:
    """It is tried again, and dismissed when it is given up."""
    crew = opened(1)
    crew.replace("dirty:1", "max_calls")
    assert told(crashed(crew, "dirty:2")) == []
    orders = crew.ended("dirty:2", "exited with status 1", is_given_up=True, is_at_once=False)
    assert told(orders) == ["dismiss dirty:2 for replacement"]
    assert Say("dirty:1 stays, because its replacement dirty:2 exited with status 1", True) in orders
    assert not crew.members["dirty:1"].is_leaving


def test_who_dies_while_he_is_relieved_is_not_started_again() -> None:
    """His post is his relief's already."""
    crew = opened(1)
    crew.replace("dirty:1", "max_memory")
    orders = crew.ended("dirty:1", "killed", is_given_up=False, is_at_once=True)
    assert told(orders) == ["dismiss dirty:1 for replacement"]
    assert told(crew.served("dirty:2")) == []


def test_a_relief_goes_with_whom_it_was_to_relieve() -> None:
    """Scaled away, he needs none."""
    crew = opened(2)
    crew.replace("dirty:2", "max_age")
    assert told(crew.resize(1)) == ["dismiss dirty:2 for scale", "dismiss dirty:3 for scale"]


def test_a_new_definition_comes_one_by_one() -> None:
    """The next one when the one before is ready."""
    crew = opened(2)
    assert told(crew.renew((ECHO,), 2)) == ["hire dirty:3"]
    assert told(crew.served("dirty:3")) == ["dismiss dirty:1 for replacement", "hire dirty:4"]
    assert told(crew.served("dirty:4")) == ["dismiss dirty:2 for replacement"]
    assert not crew.is_outdated


def test_a_new_definition_that_fails_stops_there() -> None:
    """Who works, works on; the next try begins anew."""
    crew = opened(2)
    crew.renew((ECHO,), 2)
    orders = crashed(crew, "dirty:3")
    assert told(orders) == ["dismiss dirty:3 for reread"]
    assert crew.kept_because == "dirty:3 exited with status 1"
    assert crew.is_outdated
    crew.forget("dirty:3")
    assert told(crew.roll()) == ["hire dirty:3"]
    assert crew.kept_because == ""


def test_who_does_not_serve_takes_a_new_definition_on_at_once() -> None:
    """There is nothing to lose."""
    crew = opened(2)
    crashed(crew, "dirty:1")
    assert told(crew.renew((ECHO,), 2)) == ["renew dirty:1", "hire dirty:3"]


def test_a_new_definition_with_fewer_workers() -> None:
    """Those that are too many go without a relief."""
    crew = opened(3)
    assert told(crew.renew((ECHO,), 1)) == ["hire dirty:4"]
    assert told(crew.served("dirty:4")) == [
        "dismiss dirty:1 for replacement",
        "dismiss dirty:2 for reread",
        "dismiss dirty:3 for reread",
    ]


def test_a_new_definition_with_more_workers() -> None:
    """Those that are missing come at the end."""
    crew = opened(1)
    crew.renew((ECHO,), 3)
    assert told(crew.served("dirty:2")) == ["dismiss dirty:1 for replacement", "hire dirty:3", "hire dirty:4"]


def test_a_new_app_is_loaded_by_the_new_ones() -> None:
    """As it would be by a crew that begins with it."""
    crew = opened(3, ECHO)
    crew.renew((ECHO, MODEL), 3)
    for name in ("dirty:4", "dirty:5", "dirty:6"):
        crew.served(name)
    apps = [member.apps for member in crew.members.values() if not member.is_leaving]
    assert apps == [("shop:Echo", "shop:Model"), ("shop:Echo", "shop:Model"), ("shop:Echo",)]


def test_who_is_unknown_is_nobodys_business() -> None:
    """News of somebody who has gone change nothing."""
    crew = opened(1)
    crew.forget("dirty:1")
    assert crew.served("dirty:1") == crew.replace("dirty:1", "x") == crashed(crew, "dirty:1") == []
    crew.stopped("dirty:1")


happenings = st.lists(
    st.tuples(
        st.sampled_from(("serve", "crash", "die", "give up", "gone", "replace", "resize", "renew", "roll")),
        st.integers(0, 9),
    ),
    max_size=40,
)


@settings(max_examples=200, deadline=None)
@given(happenings)
def test_whatever_happens_posts_are_kept(history: list[tuple[str, int]]) -> None:
    """No post is filled twice, and no order is about somebody who is not there."""
    crew = opened(3, ECHO, MODEL)
    for what, number in history:
        names = list(crew.members)
        name = names[number % len(names)] if names else "nobody"
        orders = _happen(crew, what, name, number)
        for order in orders:
            assert not isinstance(order, Dismiss) or order.name in crew.members
        reliefs = [m.relieves for m in crew.members.values() if m.relieves and not m.is_leaving]
        assert len(reliefs) == len(set(reliefs))
        posts = [m for m in crew.members.values() if not m.is_leaving and m.relieves is None]
        assert len(posts) <= max(crew.wanted, 3) + 5
        assert crew.wanted >= crew.minimum


@settings(max_examples=200, deadline=None)
@given(happenings)
def test_where_everything_works_everybody_is_there(history: list[tuple[str, int]]) -> None:
    """Whatever happened before: once all that come serve and all that go have gone, the crew is as wanted."""
    crew = opened(3, ECHO, MODEL)
    for what, number in history:
        names = list(crew.members)
        _happen(crew, what, names[number % len(names)] if names else "nobody", number)
    crew.renew((ECHO, MODEL), 4)
    for _ in range(50):
        for member in list(crew.members.values()):
            if member.is_leaving:
                crew.forget(member.name)
            elif not member.is_serving:
                crew.served(member.name)
    assert not crew.is_outdated
    assert sorted(member.apps for member in crew.members.values()) == [
        *[("shop:Echo",)] * 2,
        *[("shop:Echo", "shop:Model")] * 2,
    ]


def _happen(crew: Crew, what: str, name: str, number: int) -> Orders:
    match what:
        case "serve":
            return crew.served(name)
        case "crash" | "give up" | "die":
            return crew.ended(name, "ended", is_given_up=what == "give up", is_at_once=what == "die")
        case "replace":
            return crew.replace(name, "max_calls")
        case "resize":
            try:
                return crew.resize(number)
            except CannotScale:
                return []
        case "renew":
            return crew.renew((ECHO, MODEL), max(2, number))
        case "roll":
            return crew.roll()
    if name in crew.members and crew.members[name].is_leaving:
        crew.forget(name)
    return []


def test_causes_are_those_of_the_orders() -> None:
    """Every dismissal says why, in a word that reads well."""
    assert str(Cause.REPLACED) == "replacement"
