"""Numbers as a request gives them, and pools that are not there."""

import pytest

from supervisord_lite.control.pools import PoolCommands, wanted_count
from supervisord_lite.control.requests import RequestRefused
from supervisord_lite.supervise.pools.keeper import Keeper


class Nothing:
    """No pool runs, and one could not listen."""

    def __init__(self) -> None:
        self.keepers: dict[str, Keeper] = {}
        self.failed = {"dirty": "cannot listen on /nowhere/dirty.sock"}


@pytest.mark.parametrize(("given", "wanted"), [(4, 4), ("4", 4), ("+1", 3), ("-1", 1), (-1, 1), (0, 0)])
def test_a_number_is_a_number_or_a_change(given: int | str, wanted: int) -> None:
    """Of those that there are."""
    assert wanted_count(given, 2, "workers") == wanted


@pytest.mark.parametrize("given", ["x", "", "+", "1.5", "999999", -3])
def test_what_is_none_is_refused(given: int | str) -> None:
    """In a sentence."""
    with pytest.raises(RequestRefused):
        wanted_count(given, 2, "workers")


async def test_a_pool_that_does_not_run_says_why() -> None:
    """And one that nobody knows is called so."""
    pools = PoolCommands(Nothing())
    assert pools.all() == [{"name": "dirty", "error": "cannot listen on /nowhere/dirty.sock"}]
    assert pools.knows("dirty")
    assert not pools.knows("images")
    with pytest.raises(RequestRefused, match=r"^pool dirty does not run: cannot listen"):
        await pools.report("dirty")
    with pytest.raises(RequestRefused, match=r'^no pool is called "images"; there are: none'):
        await pools.cancel("images", 1)
