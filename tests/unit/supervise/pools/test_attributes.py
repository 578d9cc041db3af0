"""What the classes of a pool's apps ask for."""

from supervisord_lite.model.assignment import AppSpec
from supervisord_lite.supervise.pools.attributes import understood
from tests.fakes.definitions import a_pool


def test_the_configuration_goes_before_the_class() -> None:
    """A limit of the file holds; a class is heard where the file says nothing."""
    pool = a_pool("dirty", AppSpec("a:A", 3), AppSpec("b:B"), AppSpec("c:C"))
    found = understood(pool, {"a:A": {"workers": 1}, "b:B": {"workers": 2}})
    assert found.specs == (AppSpec("a:A", 3), AppSpec("b:B", 2), AppSpec("c:C"))


def test_tables_of_all_classes_are_gathered() -> None:
    """Each once."""
    pool = a_pool("dirty", AppSpec("a:A"), AppSpec("b:B"))
    answers = {"a:A": {"stashes": ["x", "y"]}, "b:B": {"stashes": ["y"]}}
    assert understood(pool, answers).tables == ("x", "y")


def test_nonsense_is_no_limit() -> None:
    """It comes from anybody's code."""
    pool = a_pool("dirty", AppSpec("a:A"))
    assert understood(pool, {"a:A": {"workers": "3", "stashes": 7}}).specs == (AppSpec("a:A"),)


def test_too_few_workers_are_named_with_who_asks_for_more() -> None:
    """In a sentence that says what to do."""
    found = understood(a_pool("dirty", AppSpec("a:A")), {"a:A": {"workers": 3}})
    assert found.too_few(3) is None
    assert found.too_few(2) == (
        'must be at least 3, not 2: the class of "a:A" asks for 3 (its attribute "workers"); '
        'write "a:A:N" in apps to have it in N workers'
    )
