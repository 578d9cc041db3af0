"""Every transition is one piece of news."""

from supervisord_lite.model.states import State
from supervisord_lite.supervise.news import REMEMBERED, News, Transition


def a_transition(seq: int) -> Transition:
    """The step of this number."""
    return Transition(
        seq=seq,
        time=0.0,
        name="worker",
        before=State.STOPPED,
        after=State.STARTING,
        trigger="start",
        pid=None,
        description="being launched",
    )


def test_numbers_have_no_gaps() -> None:
    """From one on."""
    news = News()
    assert [news.next_number() for _ in range(3)] == [1, 2, 3]


def test_the_past_is_bounded() -> None:
    """The latest are kept, oldest first."""
    news = News()
    for seq in range(1, REMEMBERED + 11):
        news.publish(a_transition(seq))
    assert [transition.seq for transition in news.past(2)] == [REMEMBERED + 9, REMEMBERED + 10]
    assert len(news.past(10**20)) == REMEMBERED
    assert news.past(0) == news.past(-1) == []


def test_listeners_hear_until_they_leave() -> None:
    """In the order they came, also when one leaves while it is told."""
    news, heard = News(), []

    def once(transition: Transition) -> None:
        heard.append(("once", transition.seq))
        leave()

    leave = news.listen(once)
    news.listen(lambda transition: heard.append(("always", transition.seq)))
    news.publish(a_transition(1))
    news.publish(a_transition(2))
    assert heard == [("once", 1), ("always", 1), ("always", 2)]
