"""A client that listens to the news."""

from supervisord_lite.control.subscription import MAX_WAITING, Subscription
from supervisord_lite.model.states import State
from supervisord_lite.supervise.news import News, Transition


def a_transition(seq: int, name: str = "worker") -> Transition:
    """The step of this number."""
    return Transition(
        seq=seq,
        time=5.0,
        name=name,
        before=State.STOPPED,
        after=State.STARTING,
        trigger="start",
        pid=None,
        description="being launched",
    )


async def test_a_transition_is_a_line() -> None:
    """With everything that it says."""
    news = News()
    with Subscription(news, 0, None) as subscription:
        news.publish(a_transition(1))
        assert await subscription.take() == [
            {
                "event": "transition",
                "seq": 1,
                "time": 5.0,
                "name": "worker",
                "from": State.STOPPED,
                "to": State.STARTING,
                "trigger": "start",
                "pid": None,
                "description": "being launched",
            }
        ]


async def test_the_past_comes_first() -> None:
    """As much as was asked for, of the programs that were asked for."""
    news = News()
    for seq in range(1, 6):
        news.publish(a_transition(seq, "worker" if seq % 2 else "other"))
    with Subscription(news, 4, {"worker"}) as subscription:
        news.publish(a_transition(6, "other"))
        news.publish(a_transition(7, "worker"))
        assert [line["seq"] for line in await subscription.take()] == [3, 5, 7]


async def test_what_does_not_fit_is_counted() -> None:
    """A slow reader gets the first ones, and the number that it missed; then it goes on."""
    news = News()
    with Subscription(news, 0, None) as subscription:
        for seq in range(MAX_WAITING + 5):
            news.publish(a_transition(seq))
        lines = await subscription.take()
        assert [line["seq"] for line in lines[:-1]] == list(range(MAX_WAITING))
        assert lines[-1] == {"event": "dropped", "count": 5}
        news.publish(a_transition(MAX_WAITING + 5))
        assert [line["seq"] for line in await subscription.take()] == [MAX_WAITING + 5]


async def test_who_left_is_told_nothing() -> None:
    """The news forgets it."""
    news = News()
    with Subscription(news, 0, None):
        pass
    news.publish(a_transition(1))
    assert news.past(5) == [a_transition(1)]
