"""The queue of one app."""

from hypothesis import given
from hypothesis import strategies as st

from supervisord_lite.pool.routing.calls import Call
from supervisord_lite.pool.routing.waiting import WaitingLine


def a_call(number: int, priority: int = 0) -> Call:
    """A call with this id."""
    return Call(number, "shop:A", "work", None, 0, 2, 0.0, priority=priority)


@given(st.lists(st.tuples(st.integers(-2, 2), st.booleans())))
def test_the_highest_priority_comes_first_and_then_the_oldest(steps: list[tuple[int, bool]]) -> None:
    """Whatever is added, dropped and taken."""
    line = WaitingLine()
    expected: list[Call] = []
    for number, (priority, is_taken) in enumerate(steps):
        call = a_call(number, priority)
        line.add(call)
        expected.append(call)
        expected.sort(key=lambda call: (-call.priority, call.id))
        if is_taken:
            head = line.head()
            assert head is expected.pop(0)
            line.drop(head)
    assert list(line) == expected
    assert line.count == len(expected)


def test_what_is_put_back_is_next() -> None:
    """Of its priority."""
    line = WaitingLine()
    calls = [a_call(number) for number in range(3)]
    for call in calls:
        line.add(call)
    line.drop(calls[0])
    line.add(a_call(3))
    line.put_back(calls[0])
    assert line.head() is calls[0]
    assert WaitingLine().head() is None


def test_nothing_is_left_of_dropped_calls() -> None:
    """However many come and go."""
    line = WaitingLine()
    for number in range(1000):
        call = a_call(number, number % 7)
        line.add(call)
        line.drop(call)
    assert (line.count, line._by_priority) == (0, {})
