"""What a stash does, where it is and as an arbiter answers for it."""

import pytest

from supervisord_lite.dirty.stash.store import Store

from .behaviours import BEHAVIOURS, Behaviour
from .loopback import Loopback


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.__name__)
def test_a_stash_in_this_process(behaviour: Behaviour, store: Store) -> None:
    """It does so by LMDB."""
    behaviour(store)


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.__name__)
def test_a_stash_by_requests(behaviour: Behaviour, loopback: Loopback) -> None:
    """It does the same by the requests of version 2."""
    behaviour(loopback)
