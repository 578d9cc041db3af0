"""What a stash does, wherever it is: each is called with an empty one."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from supervisord_lite.dirty.stash import (
    MISSING,
    Stash,
    StashError,
    StashKeyNotFoundError,
    StashTableNotFoundError,
)

Behaviour = Callable[[Stash], None]

KEYS = [
    "text", "", "naïve", "\ud800", "x" * 5000, b"bytes", 0, -1, 2**70, 1.5, True, None,
    UUID(int=7), Decimal("1.10"), datetime(2024, 2, 29, tzinfo=UTC), ("a", 1, (b"b", None)), ("y" * 600,),
]  # fmt: skip

VALUES = [
    None,
    True,
    2**80,
    1.5,
    "text",
    b"bytes",
    [1, [2]],
    (1, "2"),
    {1, 2},
    {"a": {(1, 2): Decimal("0.1")}},
]


def gives_back_what_was_put(stash: Stash) -> None:
    """Every kind of key finds every kind of value, as the type it was."""
    for number, key in enumerate(KEYS):
        value = VALUES[number % len(VALUES)]
        stash.put("t", key, value)
        assert stash.get("t", key) == value, key
        assert type(stash.get("t", key)) is type(value)
        assert stash.exists("t", key) or key is None
    assert stash.info("t") == {"table": "t", "size": len(KEYS)}


def lists_every_key(stash: Stash) -> None:
    """Keys come back as what they were, text in its order."""
    for key in KEYS:
        stash.put("t", key, 0)
    listed = stash.keys("t")
    assert len(listed) == len(KEYS)
    assert {repr(key) for key in listed} == {repr(key) for key in KEYS}
    short = [key for key in listed if isinstance(key, str) and len(key) < 100]
    assert short == sorted(short)


def tells_equal_numbers_apart(stash: Stash) -> None:
    """1, 1.0 and True are three keys."""
    for key in (1, 1.0, True):
        stash.put("t", key, repr(key))
    assert [stash.get("t", key) for key in (1, 1.0, True)] == ["1", "1.0", "True"]


def misses_what_is_not_there(stash: Stash) -> None:
    """A default stands for a key, and for a table, that is not there."""
    assert stash.get("nowhere", "k") is None
    assert stash.get("nowhere", "k", 7) == 7
    stash.put("t", "k", None)
    assert stash.get("t", "k", 7) is None
    assert stash.get("t", "other", 7) == 7
    assert (stash.delete("t", "other"), stash.delete("nowhere", "k")) == (False, False)
    assert stash.keys("nowhere") == []


def makes_tables_as_needed(stash: Stash) -> None:
    """A put makes its table; an emptied one stays; a table that is removed is gone with its keys."""
    stash.put("b", 1, 1)
    stash.ensure("a")
    stash.ensure("b")
    assert stash.tables() == ["a", "b"]
    stash.delete("b", 1)
    stash.clear("a")
    assert (stash.exists("a"), stash.exists("b"), stash.info("b")["size"]) == (True, True, 0)
    stash.put("a", "k", 1)
    assert (stash.delete_table("a"), stash.delete_table("a")) == (True, False)
    assert (stash.tables(), stash.get("a", "k"), stash.exists("a")) == (["b"], None, False)
    with pytest.raises(StashTableNotFoundError, match=r"^Stash table not found: a$"):
        stash.info("a")


def keeps_tables_apart(stash: Stash) -> None:
    """Names that begin alike are different tables."""
    for table in ("t", "tt", "", "t\0"):
        stash.put(table, "k", table)
    assert [stash.get(table, "k") for table in ("t", "tt", "", "t\0")] == ["t", "tt", "", "t\0"]
    stash.clear("t")
    assert [stash.info(table)["size"] for table in ("t", "tt", "", "t\0")] == [0, 1, 1, 1]


def finds_keys_by_pattern(stash: Stash) -> None:
    """Patterns are globs on the text of a key, whatever the key is."""
    for key in ("user:1", "user:22", "item:1", "[x]", 12, ("user:", 1), "user:" + "9" * 600):
        stash.put("t", key, key)
    assert stash.keys("t", "user:?") == ["user:1"]
    assert set(stash.keys("t", "user:*")) == {"user:1", "user:22", "user:" + "9" * 600}
    assert stash.keys("t", "1*") == [12]
    assert stash.keys("t", "[[]x]") == ["[x]"]
    assert stash.keys("t", "item:1") == ["item:1"]
    assert stash.items("t", "item*") == [("item:1", "item:1")]
    assert stash.values("t", "USER*") == []


def pops(stash: Stash) -> None:
    """A value is given once; without one there is the default, or an error that is a KeyError too."""
    stash.put("t", "k", [1])
    assert stash.pop("t", "k") == [1]
    assert stash.pop("t", "k", None) is None
    with pytest.raises(StashKeyNotFoundError, match=r"^Key not found in t: k$") as caught:
        stash.pop("t", "k")
    assert isinstance(caught.value, KeyError)
    assert (caught.value.table_name, caught.value.key) == ("t", "k")


def sets_defaults(stash: Stash) -> None:
    """The first value stays."""
    assert stash.setdefault("t", "k", [1]) == [1]
    assert stash.setdefault("t", "k", [2]) == [1]


def counts(stash: Stash) -> None:
    """Numbers are added to, from nothing on, ints staying ints of any size."""
    assert [stash.incr("t", "n"), stash.incr("t", "n", 2**70), stash.incr("t", "n", -1)] == [
        1,
        2**70 + 1,
        2**70,
    ]
    assert stash.incr("t", "f", 0.5) == 0.5
    stash.put("t", "text", "1")
    with pytest.raises(StashError, match="'text' in the stash table 't' holds a str, not a number"):
        stash.incr("t", "text")
    with pytest.raises(StashError, match="A number can be added to the stash, not '1'"):
        stash.incr("t", "n", "1")  # type: ignore[arg-type]


def compares_and_sets(stash: Stash) -> None:
    """A key is set if it holds what is expected, as == says; `MISSING` expects nothing."""
    assert not stash.compare_and_set("t", "k", None, 1)
    assert stash.compare_and_set("t", "k", MISSING, {"a": 1, "b": 2})
    assert not stash.compare_and_set("t", "k", MISSING, 1)
    assert not stash.compare_and_set("t", "k", {"a": 1}, 1)
    assert stash.compare_and_set("t", "k", {"b": 2, "a": 1.0}, None)
    assert stash.compare_and_set("t", "k", None, 5)
    assert stash.get("t", "k") == 5


def does_many_at_once(stash: Stash) -> None:
    """Several keys are set and read at one moment."""
    stash.update("t", {"a": 1, "b": [2]})
    stash.update("t", [("c", None)])
    assert stash.get_many("t", ["c", "a", "x"]) == {"c": None, "a": 1}


def refuses_what_cannot_travel(stash: Stash) -> None:
    """A value that cannot be packed is named, and nothing is written."""
    with pytest.raises(StashError, match=r"cannot be put into the stash: .*object"):
        stash.put("t", "k", {"a": [object()]})
    with pytest.raises(StashError, match="cannot be put into the stash"):
        stash.update("t", {"good": 1, "bad": object()})
    assert stash.get("t", "good") is None


def refuses_keys_that_change(stash: Stash) -> None:
    """Lists, dicts and sets are no keys, nor is what contains them; a table's name is text, and short."""
    for key in ([1], {}, {1}, frozenset({1}), (1, [2]), object()):
        with pytest.raises(StashError, match=r"cannot be a key of the stash|cannot travel"):
            stash.put("t", key, 1)  # type: ignore[arg-type]
    with pytest.raises(StashError, match="has a name of 201 bytes"):
        stash.put("t" * 201, 1, 1)
    with pytest.raises(StashError, match="The name of a stash table is a str, not 5"):
        stash.put(5, 1, 1)  # type: ignore[arg-type]


def is_like_a_dict(stash: Stash) -> None:
    """A table does what a dict does."""
    table = stash.table("t")
    assert (len(table), bool(table), list(table)) == (0, False, [])
    table["a"] = {"x": 1}
    table.update({"b": 2}, c=None)
    assert (table["a"], table.get("z", 9), table["c"], "c" in table, "z" in table) == (
        {"x": 1},
        9,
        None,
        True,
        False,
    )
    assert (len(table), list(table), table.values()) == (3, ["a", "b", "c"], [{"x": 1}, 2, None])
    assert dict(table) == table == {"a": {"x": 1}, "b": 2, "c": None}
    assert (table.setdefault("b", 5), table.pop("b"), table.pop("b", 0)) == (2, 2, 0)
    for missing in (lambda: table["b"], lambda: table.pop("b"), lambda: table.__delitem__("b")):
        with pytest.raises(KeyError):
            missing()
    assert table.popitem() == ("a", {"x": 1})
    del table["c"]
    with pytest.raises(KeyError):
        table.popitem()
    assert (table.incr("n", 2), table.compare_and_set("n", 2, 3), table.get_many(["n"])) == (
        2,
        True,
        {"n": 3},
    )
    table.put("short", 1, ttl=50)
    assert 0 < (table.ttl("short") or 0) <= 50
    assert (table.expire("short", None), table.ttl("short"), table.keys("s*")) == (True, None, ["short"])
    table.clear()
    assert (len(table), table.name, stash.exists("t")) == (0, "t", True)


def is_changed_as_a_whole(stash: Stash) -> None:
    """A transaction writes everything at its end, sees what it wrote, and over several tables."""
    stash.put("a", 1, 10)
    with stash.transaction() as transaction:
        transaction.put("a", 1, transaction.get("a", 1) - 3)
        transaction.incr("b", 1, 3)
        transaction.table("b")["new"] = transaction.pop("a", 1)
        assert (transaction.get("b", "new"), transaction.exists("a", 1), stash.get("b", 1)) == (
            7,
            False,
            None,
        )
        assert transaction.setdefault("b", 1, 0) == 3
        assert not transaction.delete("b", "nothing")
    assert (stash.get("a", 1), stash.items("b")) == (None, [("new", 7), (1, 3)])


def is_not_changed_by_what_fails(stash: Stash) -> None:
    """An exception takes everything back; what has ended is not used again."""
    begun: list[Stash] = []

    def fail() -> None:
        with stash.transaction() as transaction:
            begun.append(transaction)
            transaction.put("a", 1, 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert stash.get("a", 1) is None
    with pytest.raises(StashError, match=r"inside its `with`|in its own `with`"):
        begun[0].put("a", 1, 1)


def repeats_a_transaction(stash: Stash) -> None:
    """What a function does with a transaction is its own; the result is handed on."""
    assert stash.transact(lambda transaction: transaction.incr("a", 1)) == 1
    with pytest.raises(StashError, match="another one inside"):
        stash.transact(lambda transaction: transaction.transaction())


BEHAVIOURS: list[Behaviour] = [
    gives_back_what_was_put, lists_every_key, tells_equal_numbers_apart, misses_what_is_not_there,
    makes_tables_as_needed, keeps_tables_apart, finds_keys_by_pattern, pops, sets_defaults, counts,
    compares_and_sets, does_many_at_once, refuses_what_cannot_travel, refuses_keys_that_change,
    is_like_a_dict, is_changed_as_a_whole, is_not_changed_by_what_fails, repeats_a_transaction,
]  # fmt: skip
