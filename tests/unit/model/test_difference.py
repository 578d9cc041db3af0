"""What changed between two sets of definitions, and why."""

import pytest
from msgspec.structs import replace

from supervisord_lite.config.program import Program, Rlimit
from supervisord_lite.model.difference import Action, Change, changed_keys, compare
from supervisord_lite.model.policy import Policy
from tests.fakes.definitions import a_program

WORKER = a_program("worker", env={"QUEUE": "a", "KEPT": "x"})


def only(new: Program, *, down: bool = False) -> Change:
    """The change from WORKER to this definition."""
    (change,) = compare({"worker": WORKER}, {"worker": new}, {"worker"} if down else set())
    return change


def with_launch(**given: object) -> Program:
    """WORKER with another launch."""
    return replace(WORKER, launch=replace(WORKER.launch, **given))


def test_nothing_changed() -> None:
    """An equal definition is unchanged, for no reason."""
    assert only(a_program("worker", env={"QUEUE": "a", "KEPT": "x"})) == Change("worker", Action.UNCHANGED)


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (with_launch(command=("/bin/false",)), ("command",)),
        (with_launch(command=None, target="shop:run"), ("target", "command")),
        (with_launch(env={"QUEUE": "b", "KEPT": "x"}), ("env.QUEUE",)),
        (with_launch(env={"KEPT": "x", "NEW": "1"}), ("env.QUEUE", "env.NEW")),
        (with_launch(rlimits={"nofile": Rlimit(1, 2)}), ("rlimits.nofile",)),
        (with_launch(user="nobody", umask=0o22), ("user", "umask")),
    ],
)
def test_a_change_of_launch_restarts(new: Program, why: tuple[str, ...]) -> None:
    """What only a new process can take on is named by key, and restarts the program."""
    assert only(new) == Change("worker", Action.RESTARTED, why)


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (replace(WORKER, policy=Policy(stop_timeout=5.0)), ("stop_timeout",)),
        (replace(WORKER, policy=Policy(startsecs=2.0, max_restarts=3)), ("startsecs", "max_restarts")),
        (replace(WORKER, autostart=False), ("autostart",)),
        (replace(WORKER, after=("db",)), ("after",)),
    ],
)
def test_a_change_of_policy_is_applied_in_place(new: Program, why: tuple[str, ...]) -> None:
    """What needs no new process leaves the one there is alone."""
    assert only(new) == Change("worker", Action.UPDATED, why)


def test_a_restart_names_what_restarts_it() -> None:
    """With both kinds of change the reason is what only a new process can take on."""
    new = replace(with_launch(nice=5), policy=Policy(stop_timeout=5.0))
    assert only(new) == Change("worker", Action.RESTARTED, ("nice",))


def test_what_is_down_is_not_started_by_a_change() -> None:
    """A program stopped by hand takes the new definition and stays down."""
    new = replace(with_launch(nice=5), policy=Policy(stop_timeout=5.0))
    assert only(new, down=True) == Change("worker", Action.UPDATED, ("nice", "stop_timeout"))


def test_additions_come_in_the_new_order_and_removals_last() -> None:
    """The changes follow the new file; what is gone comes after it."""
    old = {name: a_program(name) for name in ("gone", "b", "a")}
    new = {name: a_program(name) for name in ("new", "a", "b")}
    assert [(change.name, change.action) for change in compare(old, new)] == [
        ("new", Action.ADDED),
        ("a", Action.UNCHANGED),
        ("b", Action.UNCHANGED),
        ("gone", Action.REMOVED),
    ]


def test_keys_are_compared_within_structs() -> None:
    """Fields in nested structs go by their own names."""
    new = replace(WORKER, policy=Policy(notify=True), launch=replace(WORKER.launch, notify=True))
    assert changed_keys(WORKER, new) == ("notify", "notify")
    assert changed_keys(WORKER, new, skip={"launch", "policy"}) == ()
