"""Which worker loads which apps: by example, and whatever comes and goes."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisord_lite.model.assignment import AppSpec, allocate, apps_for_new, minimum, who_leaves

EVERY = AppSpec("m:Every")
ONE = AppSpec("m:One", 1)
TWO = AppSpec("m:Two", 2)

specs_of_a_pool = st.lists(
    st.tuples(st.sampled_from("ABCDEF"), st.one_of(st.none(), st.integers(1, 5))),
    min_size=1,
    unique_by=lambda item: item[0],
).map(lambda items: [AppSpec(f"m:{name}", limit) for name, limit in items])


@pytest.mark.parametrize(
    ("specs", "count", "loaded"),
    [
        ([EVERY], 2, [("m:Every",), ("m:Every",)]),
        ([EVERY, ONE], 3, [("m:Every", "m:One"), ("m:Every",), ("m:Every",)]),
        ([ONE, TWO], 2, [("m:One", "m:Two"), ("m:Two",)]),
        ([TWO, EVERY, ONE], 3, [("m:Two", "m:Every", "m:One"), ("m:Two", "m:Every"), ("m:Every",)]),
        ([ONE], 2, [("m:One",), ()]),
        ([EVERY], 0, []),
    ],
    ids=["all_everywhere", "one_limited", "first_take_all", "order_of_the_file", "nothing_left", "none"],
)
def test_the_first_workers_take_what_is_limited(
    specs: list[AppSpec], count: int, loaded: list[tuple[str, ...]]
) -> None:
    """Each worker loads what has no limit, and of the rest what still needs a worker."""
    assert allocate(specs, count) == loaded


def test_new_workers_complete_those_that_exist() -> None:
    """Who is there counts; a limited app goes to newcomers only as far as it needs them."""
    assert allocate([EVERY, TWO], 2, {"w": ("m:Every", "m:Two")}) == [("m:Every", "m:Two"), ("m:Every",)]


@pytest.mark.parametrize(
    ("specs", "least"), [([], 1), ([EVERY], 1), ([ONE], 1), ([ONE, EVERY, AppSpec("m:Four", 4), TWO], 4)]
)
def test_the_highest_limit_is_the_least_number_of_workers(specs: list[AppSpec], least: int) -> None:
    """No pool has fewer workers than one of its apps asks for."""
    assert minimum(specs) == least


@pytest.mark.parametrize(
    ("loaded", "leaves"),
    [
        ({"old": ("m:Every",), "new": ("m:Every",)}, "new"),
        ({"old": ("m:Every",), "new": ("m:Every", "m:Two")}, "old"),
        ({"a": ("m:Two",), "b": ("m:Two",), "c": ("m:Two",)}, "c"),
        ({"a": ("m:Two",), "b": ("m:Two",)}, None),
        ({}, None),
    ],
    ids=["newest", "newest_without_a_limited_app", "to_spare", "all_needed", "nobody"],
)
def test_who_is_needed_least_leaves(loaded: dict[str, tuple[str, ...]], leaves: str | None) -> None:
    """The newest worker whose apps can do without it goes."""
    ages = {name: age for age, name in enumerate(loaded)}
    assert who_leaves([EVERY, TWO], loaded, ages) == leaves


@given(specs=specs_of_a_pool, more=st.integers(0, 4))
def test_every_app_has_as_many_workers_as_it_asks_for(specs: list[AppSpec], more: int) -> None:
    """From the least number of workers on, each limit is reached exactly."""
    count = minimum(specs) + more
    holders = Counter(path for apps in allocate(specs, count) for path in apps)
    assert holders == {spec.path: count if spec.workers is None else spec.workers for spec in specs}


@given(specs=specs_of_a_pool, more=st.integers(0, 3), steps=st.lists(st.booleans(), max_size=20))
def test_scaling_up_and_down_keeps_every_limit(specs: list[AppSpec], more: int, steps: list[bool]) -> None:
    """However often workers are added and taken away, each app keeps its number of workers."""
    age = minimum(specs) + more
    loaded = {str(number): apps for number, apps in enumerate(allocate(specs, age))}
    for is_up in steps:
        if is_up:
            loaded[str(age)] = apps_for_new(specs, loaded)
            age += 1
        elif len(loaded) > minimum(specs):
            leaves = who_leaves(specs, loaded, {name: int(name) for name in loaded})
            assert leaves is not None
            del loaded[leaves]
        holders = Counter(path for apps in loaded.values() for path in apps)
        for spec in specs:
            assert holders[spec.path] == (len(loaded) if spec.workers is None else spec.workers)


@given(specs=specs_of_a_pool, more=st.integers(0, 3), data=st.data())
def test_a_replacement_takes_over_what_is_missing(
    specs: list[AppSpec], more: int, data: st.DataObject
) -> None:
    """Where any one worker is gone, a new one loads at least what that one had."""
    loaded = dict(enumerate(allocate(specs, minimum(specs) + more)))
    gone = loaded.pop(data.draw(st.sampled_from(sorted(loaded))))
    assert set(gone) <= set(apps_for_new(specs, {str(name): apps for name, apps in loaded.items()}))
