"""Circles among companions that wait for each other."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisord_lite.config.order import find_cycles


@pytest.mark.parametrize(
    ("after", "cycles"),
    [
        ({}, []),
        ({"a": ["b"], "b": []}, []),
        ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}, []),
        ({"a": ["a"]}, [("a", "a")]),
        ({"a": ["b"], "b": ["a"]}, [("a", "b", "a")]),
        ({"x": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]}, [("a", "b", "c", "a")]),
        ({"a": ["nobody"]}, []),
        ({"a": ["a"], "b": ["b"]}, [("a", "a"), ("b", "b")]),
    ],
)
def test_circles_are_named(after: dict[str, list[str]], cycles: list[tuple[str, ...]]) -> None:
    """Each circle is told as the way around it."""
    assert find_cycles(after) == cycles


@given(st.dictionaries(st.integers(0, 12).map(str), st.lists(st.integers(0, 12).map(str), max_size=4)))
def test_circles_are_found_exactly_where_they_are(after: dict[str, list[str]]) -> None:
    """What is found is a circle, and without one the companions can be put in order."""
    cycles = find_cycles(after)
    for cycle in cycles:
        assert cycle[0] == cycle[-1]
        assert all(later in after[name] for name, later in pairwise(cycle))
    remaining = {name: {other for other in others if other in after} for name, others in after.items()}
    while ready := [name for name, others in remaining.items() if not others & remaining.keys()]:
        for name in ready:
            del remaining[name]
    assert bool(remaining) == bool(cycles)


def test_a_long_chain_is_no_circle() -> None:
    """Thousands of companions in a row are walked without recursion."""
    after = {str(number): [str(number + 1)] for number in range(5000)}
    assert find_cycles(after) == []
