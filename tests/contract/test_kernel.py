"""What the daemon relies on of the kernel, and the fake kernel keeps as well."""

from signal import SIGKILL, SIGTERM, SIGUSR1

import pytest

from supervisord_lite.linux.kernel import Sent
from tests.fakes.kernel import DIES, IGNORES, FakeKernel, Unscripted

from .worlds import World


def test_the_clock_does_not_go_back(world: World) -> None:
    """Time is monotonic."""
    before = world.kernel.now()
    assert world.kernel.now() >= before


def test_a_living_child_is_not_dead(world: World) -> None:
    """It is a child, started at some time, and there is nothing to reap."""
    child = world.child()
    assert world.kernel.dead_child() is None
    assert world.kernel.is_child(child)
    assert world.kernel.start_time(child) is not None
    assert child in world.kernel.children()


def test_an_exit_status_is_taken_once(world: World) -> None:
    """An ended child keeps its pid until it is reaped, and is nobody afterwards."""
    child = world.child()
    world.let_exit(child, 3)
    assert world.kernel.dead_child() == child
    assert world.kernel.is_child(child)
    reaped = world.kernel.reap(child)
    assert (reaped.pid, reaped.code, reaped.signal, reaped.core) == (child, 3, None, False)
    assert reaped.user_cpu >= 0
    assert reaped.system_cpu >= 0
    assert reaped.peak_memory > 0
    assert world.kernel.dead_child() is None
    assert not world.kernel.is_child(child)
    assert child not in world.kernel.children()


def test_a_signal_that_ends_it_is_told(world: World) -> None:
    """Killed is not exited."""
    child = world.child()
    assert world.kernel.send(child, SIGKILL) is Sent.DELIVERED
    world.wait_for_end(child)
    reaped = world.kernel.reap(child)
    assert (reaped.code, reaped.signal) == (None, SIGKILL)


def test_a_default_action_ends_it(world: World) -> None:
    """A child that does not care dies of SIGTERM."""
    child = world.child(on={SIGTERM: DIES})
    world.kernel.send(child, SIGTERM)
    world.wait_for_end(child)
    assert world.kernel.reap(child).signal == SIGTERM


def test_a_handled_signal_is_an_exit(world: World) -> None:
    """A child may answer a signal with a status of its own."""
    child = world.child(on={SIGUSR1: 7})
    world.kernel.send(child, SIGUSR1)
    world.wait_for_end(child)
    assert world.kernel.reap(child).code == 7


def test_an_ignored_signal_changes_nothing(world: World) -> None:
    """It is sent all the same."""
    child = world.child(on={SIGTERM: IGNORES})
    assert world.kernel.send(child, SIGTERM) is Sent.DELIVERED
    assert world.kernel.start_time(child) is not None
    assert world.kernel.dead_child() is None


def test_a_zombie_takes_signals_and_a_reaped_one_does_not(world: World) -> None:
    """A pid means something until it is reaped."""
    child = world.child()
    world.let_exit(child, 0)
    assert world.kernel.send(child, SIGTERM) is Sent.DELIVERED
    assert world.kernel.send_group(child, 0)
    world.kernel.reap(child)
    assert world.kernel.send(child, SIGTERM) is Sent.GONE
    assert not world.kernel.send_group(child, 0)


def test_what_has_ended_has_no_traces(world: World) -> None:
    """A zombie has no start time, environment, title or descendants; a reaped one neither."""
    child = world.child(cookie="c")
    world.let_exit(child, 0)
    for _ in ("zombie", "gone"):
        assert world.kernel.start_time(child) is None
        assert world.kernel.environment(child) == b""
        assert world.kernel.title(child) == ""
        assert world.kernel.descendants(child) == {}
        if world.kernel.dead_child() == child:
            world.kernel.reap(child)


def test_the_environment_is_the_one_it_was_started_with(world: World) -> None:
    """NUL-separated, as the kernel keeps it."""
    child = world.child(cookie="worker:2")
    assert b"COOKIE=worker:2" in world.kernel.environment(child).split(b"\0")


def test_the_title_is_the_command_line(world: World) -> None:
    """Its arguments with spaces between them."""
    child = world.child()
    first, _, rest = world.kernel.title(child).partition(" ")
    assert first.endswith("sh")
    assert rest.startswith("-c ")


def test_descendants_are_known_by_their_start(world: World) -> None:
    """Processes below the child, whatever their group, each with the identity that a pid alone is not."""
    child = world.child()
    near = world.grandchild(child)
    far = world.grandchild(child, own_group=True)
    found = world.kernel.descendants(child)
    assert dict(found) == {near: world.kernel.start_time(near), far: world.kernel.start_time(far)}
    assert near not in world.kernel.children()


def test_a_group_is_signalled_as_one(world: World) -> None:
    """Everybody in it gets the signal, and who left the group does not."""
    child = world.child()
    near = world.grandchild(child)
    far = world.grandchild(child, own_group=True)
    assert world.kernel.send_group(child, SIGKILL)
    world.wait_for_end(child)
    world.wait_for_end(near)
    assert world.kernel.start_time(far) is not None


def test_orphans_are_adopted(world: World) -> None:
    """What a child leaves behind is a child of ours, to be reaped by us."""
    child = world.child()
    orphan = world.grandchild(child)
    world.let_exit(child, 0)
    world.kernel.reap(child)
    assert orphan in world.kernel.children()
    assert world.kernel.is_child(orphan)
    assert world.kernel.send_group(child, 0)
    world.kernel.send(orphan, SIGKILL)
    world.wait_for_end(orphan)
    assert world.kernel.dead_child() == orphan
    assert world.kernel.reap(orphan).signal == SIGKILL
    assert not world.kernel.send_group(child, 0)


def test_limits_are_set_from_outside(world: World) -> None:
    """By the lower-case name, soft and hard."""
    child = world.child()
    world.kernel.limit(child, "nofile", 64, 128)
    assert world.limit_of(child, "nofile") == (64, 128)


@pytest.mark.parametrize(("soft", "hard"), [(129, 128), (-1, 128)])
def test_a_soft_limit_over_the_hard_one_is_refused(world: World, soft: int, hard: int) -> None:
    """Infinity is over everything."""
    with pytest.raises(ValueError, match="limit"):
        world.kernel.limit(world.child(), "nofile", soft, hard)


def test_the_nice_value_is_set_from_outside(world: World) -> None:
    """A child is made nicer."""
    child = world.child()
    world.kernel.nice(child, 5)
    assert world.nice_of(child) == 5


def test_nobody_can_be_limited(world: World) -> None:
    """There is an error where there is no process."""
    child = world.child()
    world.let_exit(child, 0)
    world.kernel.reap(child)
    with pytest.raises(ProcessLookupError):
        world.kernel.limit(child, "nofile", 64, 128)
    with pytest.raises(ProcessLookupError):
        world.kernel.nice(child, 5)


def test_the_fake_refuses_what_nobody_scripted() -> None:
    """A process nobody introduced, a signal without a reaction, a status nobody left: the test is wrong."""
    kernel = FakeKernel()
    kernel.spawn(100)
    for unscripted in (
        lambda: kernel.send(99, 0),
        lambda: kernel.is_child(99),
        lambda: kernel.start_time(99),
        lambda: kernel.send(100, SIGTERM),
        lambda: kernel.reap(100),
    ):
        with pytest.raises(Unscripted):
            unscripted()
