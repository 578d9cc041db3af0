"""The stash under the packaged unit: shared by programs, kept where asked, closed to others."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.systemd.inside.pool import RUNTIME, Pool, call_as, output

Service = Any
STATE = Path("/var/lib/app-supervisor/stash")
COMPANION = '[companions.writer]\ntarget = "application:puts"\n'


def test_two_programs_share_it(service: Service, pool: Pool) -> None:
    """What a companion has put a worker gets, and supctl shows; both open the same files."""
    pool.start(more=COMPANION)
    pool.journal.wait("companion has put", "writer")
    uid = int(output("id", "-u", "app-supervisor"))
    assert pool.call("get", "from a companion") == {"by": uid}
    shown = service.supctl("stash", "get", "kept", "from a companion")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout) == {"by": uid}
    data = RUNTIME / "stash" / "data.mdb"
    assert data.owner() == "app-supervisor"
    assert stat.S_IMODE(data.stat().st_mode) == 0o600
    for pid in (service.pids()["writer"], pool.workers()["dirty:1"]):
        assert str(data) in Path(f"/proc/{pid}/maps").read_text()


@pytest.mark.parametrize("persist", [True, False], ids=["persist", "for a while"])
def test_it_is_kept_over_a_restart_where_asked(service: Service, pool: Pool, persist: bool) -> None:
    """With persist = true a value is there after systemctl restart; without, the stash is empty then."""
    pool.start(more=f"[stash]\npersist = {str(persist).lower()}\n")
    pool.call("put", "key", "value")
    assert (STATE if persist else RUNTIME / "stash").owner() == "app-supervisor"
    assert service.systemctl("restart").returncode == 0
    assert pool.call("get", "key") == ("value" if persist else None)
    if persist:
        output("rm", "-r", str(STATE))


def test_it_outlives_everything_but_the_daemon(service: Service, pool: Pool) -> None:
    """Arbiter and workers may be restarted, and the configuration reread: the values stay."""
    pool.start(more=COMPANION)
    pool.call("put", "key", "value")
    assert service.supctl("restart", "dirty").returncode == 0
    pool.configure("workers = 2\n", more=COMPANION)
    assert service.systemctl("reload").returncode == 0
    assert pool.call("get", "key") == "value"


def test_other_users_reach_it_through_the_pool(pool: Pool) -> None:
    """A user who may call uses the stash through the pool's socket, and never sees its files."""
    pool.start('socket_mode = "0660"\nsocket_group = "www-data"\n')
    pool.call("put", "key", "value")
    told = call_as("www-data", code='print(client.stash.get("kept", "key"))')
    assert told.stdout == "value\n", told.stderr
    assert "Permission denied" in call_as("www-data", code=f"open('{RUNTIME}/stash/data.mdb')").stderr


def test_a_group_of_its_own(pool: Pool) -> None:
    """Mode and group of [stash] are given to its directory under the unit's capabilities."""
    pool.start(more='[stash]\nmode = "0660"\ngroup = "www-data"\n')
    pool.call("put", "key", "value")
    assert pool.call("get", "key") == "value"
    directory = RUNTIME / "stash"
    assert (directory.owner(), directory.group()) == ("app-supervisor", "www-data")
    assert stat.S_IMODE(directory.stat().st_mode) == 0o770
