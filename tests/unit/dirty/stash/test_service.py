"""Requests as an arbiter hands them on."""

import contextlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supervisord_lite.dirty.errors import DirtyError
from supervisord_lite.dirty.stash import StashKeyNotFoundError, StashTableNotFoundError
from supervisord_lite.dirty.stash.operations import OPERATIONS
from supervisord_lite.dirty.stash.service import answer_v1, answer_v2
from supervisord_lite.dirty.stash.store import Store
from supervisord_lite.wire import values

PUT, GET, DELETE, KEYS, CLEAR, INFO, ENSURE, DELETE_TABLE, TABLES, EXISTS = range(1, 11)


def v1(store: Store, op: int, table: str = "", **rest: Any) -> Any:
    """The result of a message of gunicorn's client."""
    return answer_v1(store, {"type": "stash", "id": 1, "op": op, "table": table, **rest})


def test_gunicorns_operations(store: Store) -> None:
    """Every one has the result that gunicorn's arbiter gives."""
    assert v1(store, PUT, "t", key="a", value={"x": [1]}) is True
    assert v1(store, PUT, "t", key=5) is True
    assert v1(store, GET, "t", key="a") == {"x": [1]}
    assert v1(store, GET, "t", key=5) is None
    assert v1(store, KEYS, "t") == ["a", 5]
    assert v1(store, KEYS, "t", pattern="a*") == ["a"]
    assert v1(store, INFO, "t") == {"table": "t", "size": 2}
    assert v1(store, TABLES) == ["t"]
    assert [v1(store, EXISTS, "t"), v1(store, EXISTS, "t", key="a"), v1(store, EXISTS, "u")] == [
        True,
        True,
        False,
    ]
    assert [v1(store, DELETE, "t", key="a"), v1(store, DELETE, "t", key="a")] == [True, False]
    assert v1(store, ENSURE, "u") is True
    assert v1(store, CLEAR, "t") is v1(store, CLEAR, "nowhere") is True
    assert [v1(store, DELETE_TABLE, "t"), v1(store, DELETE_TABLE, "t")] == [True, False]
    assert v1(store, KEYS, "nowhere") == []


def test_what_gunicorns_client_knows_by_name(store: Store) -> None:
    """It goes by the error's type: a default for a key, an exception for a table."""
    with pytest.raises(StashKeyNotFoundError, match=r"^Key not found in t: k$") as caught:
        v1(store, GET, "t", key="k")
    assert caught.value.to_dict()["error_type"] == "StashKeyNotFoundError"
    with pytest.raises(StashTableNotFoundError) as missing:
        v1(store, INFO, "t")
    assert missing.value.to_dict()["details"] == {"table_name": "t"}
    for op in (0, 11, None, "put", [1]):
        with pytest.raises(DirtyError, match=r"^Unknown stash operation: "):
            v1(store, op)  # type: ignore[arg-type]


def test_a_tuple_that_travelled_as_a_list(store: Store) -> None:
    """Is the key that it was."""
    v1(store, PUT, "t", key=["a", ["b", 1]], value=1)
    assert store.keys("t") == [("a", ("b", 1))]
    with pytest.raises(DirtyError, match="A dict cannot be a key"):
        v1(store, PUT, "t", key={}, value=1)


ARGUMENT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner)
    ),
    max_leaves=5,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([*OPERATIONS, "about", "where", "run", "_about", ""]), st.lists(ARGUMENT, max_size=5))
def test_arguments_that_make_no_sense(store: Store, operation: str, arguments: list[Any]) -> None:
    """Are refused by an error that travels, and harm nobody."""
    with contextlib.suppress(DirtyError):
        answer_v2(store, values.pack([operation, *arguments], inline=True).document)
    store.put("after", "k", 1)
    assert store.get("after", "k") == 1


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_garbage(store: Store, payload: bytes) -> None:
    """What is no request is refused."""
    with pytest.raises(DirtyError):
        answer_v2(store, payload)
