"""Start and stop order, and cycles in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisord_lite.model.life import Life
from supervisord_lite.model.order import followers, start_blockers, stop_blockers
from supervisord_lite.model.states import State, Wanted

S = State
NAMES = "abcde"
graphs = st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=3, unique=True))


@pytest.mark.parametrize(
    ("life", "is_awaited"),
    [
        (Life(state=S.STOPPED, wanted=Wanted.DOWN), False),
        (Life(state=S.STOPPING, wanted=Wanted.DOWN), False),
        (Life(state=S.STOPPING, wanted=Wanted.UP), True),
        (Life(state=S.STARTING, wanted=Wanted.UP), True),
        (Life(state=S.BACKOFF, wanted=Wanted.UP), True),
        (Life(state=S.FATAL, wanted=Wanted.UP), True),
        (Life(state=S.RUNNING, wanted=Wanted.UP), False),
        (Life(state=S.EXITED, wanted=Wanted.UP, succeeded=True), False),
        (Life(state=S.EXITED, wanted=Wanted.UP, succeeded=False), True),
    ],
)
def test_a_start_waits_for_what_is_wanted_and_not_ready(life: Life, is_awaited: bool) -> None:
    """What is down by wish holds nobody up; what failed does, for as long as it is wanted up."""
    assert start_blockers(("db",), {"db": life}.get) == (("db",) if is_awaited else ())


def test_a_start_does_not_wait_for_what_is_not_there() -> None:
    """A name without a program holds nobody up."""
    assert start_blockers(("gone",), {}.get) == ()


@pytest.mark.parametrize("state", State)
def test_a_stop_waits_for_followers_that_are_being_stopped(state: State) -> None:
    """A follower that goes on running, or has gone, is not waited for."""
    life_of = {"web": Life(state=state)}.get
    assert stop_blockers(("web", "gone"), life_of) == (("web",) if state is S.STOPPING else ())


def test_followers_are_named_in_the_order_of_the_programs() -> None:
    """Each program has those that come directly after it."""
    after = {"web": ("db", "cache"), "db": (), "worker": ("db",)}
    assert followers(after) == {"db": ("web", "worker"), "cache": ("web",)}


@given(graphs)
def test_followers_are_the_edges_turned_round(after: dict[str, list[str]]) -> None:
    """Nothing is lost and nothing added."""
    forwards = {(name, other) for name, others in after.items() for other in others}
    assert {(name, other) for other, names in followers(after).items() for name in names} == forwards
