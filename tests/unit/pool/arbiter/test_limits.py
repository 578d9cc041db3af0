"""The small decisions: recycling, room, quotas, percentiles, unfinished messages, memory."""

import sys
from math import inf

from supervisord_lite.pool.arbiter import memory
from supervisord_lite.pool.arbiter.log import MANY, WHILE, Quota
from supervisord_lite.pool.arbiter.room import MESSAGES, SMALL, SMALL_ROOM, TINY, Room
from supervisord_lite.pool.routing import recycling
from supervisord_lite.pool.routing.partials import HURRY, PATIENCE, STEP, Partials
from supervisord_lite.pool.routing.recycling import UNLIMITED, Limits
from supervisord_lite.pool.routing.samples import SIZE, Samples
from tests.unit.pool.routing.stage import settings


def test_nothing_is_recycled_by_default() -> None:
    """There are no limits."""
    assert recycling.draw(settings(), 0.5, 0.5, 0.5) == UNLIMITED
    assert recycling.reason(UNLIMITED, sys.maxsize - 1, 1e12, sys.maxsize - 1) is None


def test_limits_are_drawn_within_their_jitter() -> None:
    """From the limit to the limit and the jitter, both included."""
    given = settings(
        max_calls=10,
        max_calls_jitter=4,
        max_age=60.0,
        max_age_jitter=6.0,
        max_memory=2**20,
        max_memory_jitter=2**10,
    )
    assert recycling.draw(given, 0.0, 0.0, 0.0) == Limits(10, 60.0, 2**20)
    assert recycling.draw(given, 0.999, 0.5, 0.9999) == Limits(14, 63.0, 2**20 + 2**10)


def test_a_reason_names_the_limit() -> None:
    """With what was reached."""
    limits = Limits(10, 60.0, 2**20)
    assert recycling.reason(limits, 9, 59.0, 2**20 - 1) is None
    assert recycling.reason(limits, 10, 0.0, None) == "it served 10 calls (max_calls)"
    assert recycling.reason(limits, 0, 60.0, None) == "it is 60 s old (max_age)"
    assert recycling.reason(limits, 0, 0.0, 2**21) == "it has 2 MiB of private memory (max_memory)"


class Holder:
    """Who sends long messages."""

    def __init__(self) -> None:
        self.reserved = 0
        self.is_read = True

    def read_on(self, is_reading: bool) -> None:
        """Note it."""
        self.is_read = is_reading


def test_room_is_given_in_turn() -> None:
    """Who finds none waits, and comes before those who came later; small messages have room of their own."""
    limit = 1_000_000
    room = Room(limit)
    first = [Holder() for _ in range(MESSAGES)]
    assert all(room.take(holder, limit) for holder in first)
    second, third, small = Holder(), Holder(), Holder()
    assert not room.take(second, limit)
    assert not room.take(third, limit // 2)
    assert room.take(small, SMALL)
    assert (room.is_awaited(first[0]), room.is_awaited(small), room.is_waiting(second)) == (True, False, True)
    second.is_read = third.is_read = False
    room.give_back(first[0])
    assert (second.reserved, second.is_read, third.is_read) == (limit, True, False)
    room.give_back(third)
    room.give_back(second)
    assert room.take(Holder(), limit)


def test_who_leaves_while_waiting_for_room_gets_none() -> None:
    """It goes to the next."""
    room = Room(SMALL * 2)
    first = [Holder() for _ in range(MESSAGES)]
    for holder in first:
        room.take(holder, SMALL * 2)
    second, third = Holder(), Holder()
    room.take(second, SMALL * 2)
    room.take(third, SMALL * 2)
    room.give_back(second)
    room.give_back(first[0])
    assert (second.reserved, third.reserved) == (0, SMALL * 2)


def test_room_grows_with_the_limit() -> None:
    """Whoever waits is looked at."""
    room = Room(SMALL)
    holder = Holder()
    assert not room.take(holder, SMALL * 8)
    room.resize(SMALL, SMALL * 8)
    assert holder.reserved == SMALL * 8


def test_small_messages_are_bounded_in_total_until_they_are_complete() -> None:
    """Whoever finds no room among them waits; tiny ones need none."""
    room = Room(2**26)
    holders = [Holder() for _ in range(SMALL_ROOM // SMALL)]
    assert all(room.take(holder, SMALL) for holder in holders)
    late, tiny, long = Holder(), Holder(), Holder()
    assert not room.take(late, TINY + 1)
    assert room.take(tiny, TINY)
    assert room.take(long, SMALL + 1)
    room.completed(long)
    assert long.reserved == SMALL + 1
    assert room.is_short
    room.completed(holders[0])
    assert (holders[0].reserved, late.reserved, room.is_short) == (0, TINY + 1, False)


def test_lines_of_one_kind_are_told_a_few_times_in_a_while() -> None:
    """Then they are counted."""
    quota = Quota()
    assert [quota.take("a", 0.0) for _ in range(MANY)] == [(True, 0)] * MANY
    assert quota.take("a", 1.0) == (False, 0)
    assert quota.take("b", 1.0) == (True, 0)
    assert quota.take("a", 2.0) == (False, 0)
    assert quota.take("a", WHILE) == (True, 2)


def test_percentiles_are_of_the_latest() -> None:
    """None before the first."""
    samples = Samples()
    assert samples.percentiles() == (None, None)
    samples.append(5.0)
    assert samples.percentiles() == (5.0, 5.0)
    samples.extend(float(number) for number in range(SIZE))
    assert samples.percentiles() == (SIZE // 2, SIZE * 99 // 100)


class Sender:
    """Who sends in pieces."""

    is_mid_message = True
    is_heard = True
    is_in_the_way = False

    def rest_missing(self) -> None:
        """Not called here."""


def test_an_unfinished_message_is_waited_for_from_step_to_step() -> None:
    """Not for ever, and not by the byte; but where it is not read, that is not its fault."""
    partials = Partials()
    slow, done, paused, dripping = Sender(), Sender(), Sender(), Sender()
    for sender in (slow, done, paused, dripping):
        partials.note(sender, 16, 0.0)
    done.is_mid_message = False
    partials.note(done, 16, 1.0)
    paused.is_heard = False
    partials.note(slow, STEP, 20.0)
    partials.note(dripping, 1, 20.0)
    assert partials.overdue(PATIENCE - 1) == []
    assert partials.overdue(PATIENCE) == [dripping]
    partials.forget(dripping)
    assert partials.overdue(20.0 + PATIENCE - 1) == []
    assert partials.overdue(20.0 + PATIENCE) == [slow]
    partials.forget(slow)
    assert len(partials) == 1


def test_whoever_holds_what_others_wait_for_has_to_hurry() -> None:
    """From when they wait; who goes on step by step is left alone, and so is who is in nobody's way."""
    partials = Partials()
    drips, goes_on, aside = Sender(), Sender(), Sender()
    for sender in (drips, goes_on, aside):
        partials.note(sender, 16, 0.0)
    drips.is_in_the_way = goes_on.is_in_the_way = True
    assert partials.overdue(10.0) == []
    partials.note(drips, 1, 10.0 + HURRY / 2)
    partials.note(goes_on, STEP, 10.0 + HURRY / 2)
    assert partials.overdue(10.0 + HURRY) == [drips]
    drips.is_in_the_way = False
    assert partials.overdue(11.0 + HURRY) == [goes_on]


def test_private_memory_is_summed() -> None:
    """What is shared with the zygote is not the worker's."""
    text = "Rss: 900 kB\nShared_Clean: 500 kB\nPrivate_Clean: 100 kB\nPrivate_Dirty: 23 kB\n"
    assert memory.parse(text) == 123 * 1024
    assert memory.private(2**22 + 1) is None


def test_no_limit_is_for_ever() -> None:
    """The age of a worker without a limit is never reached."""
    assert UNLIMITED.age == inf
