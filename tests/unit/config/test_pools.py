"""What pools and the stash come to."""

import math
from pathlib import Path

import msgspec
import pytest

from supervisord_lite.config.program import POOL_WORKER, Launch, OnDisconnect, Pool, Rlimit, Serializer, Stash
from supervisord_lite.model.assignment import AppSpec
from supervisord_lite.model.policy import Policy

from .conftest import ENVIRON, Site

FULL = """
[supervisor]
env = { A = "1" }

[pools.dirty]
kind = "dirty"
apps = ["myapp.ml:Model", "myapp.ml:Large:2"]
workers = 4
threads = 2
timeout = "2min"
init_timeout = "infinity"
graceful_timeout = 10
socket = "calls/%(name)s.sock"
socket_mode = 0o660
socket_group = "root"
max_queue = 50
max_message = "1M"
max_calls = 1000
max_calls_jitter = 7
max_age = "1d"
max_age_jitter = "1h"
max_memory = "1.5G"
max_memory_jitter = "10M"
on_disconnect = "cancel"
serializer = "pickle"
hooks = "myapp.hooks"
cwd = "."
env = { B = "%(name)s" }
env_file = "-none.env"
user = 33
group = 34
umask = "0027"
nice = 5
rlimits = { nofile = 4096 }
autostart = false
after = ["queue", "other"]
restart_delay = 2
restart_delay_max = "1min"
max_restarts = 5
restart_window = "10min"
stdout = "out.log"
stderr = "stdout"

[pools.other]
apps = "myapp.ml:Model"

[companions.queue]
command = "sleep 1"
instances = 2

[companions.web]
command = "sleep 1"
after = ["other", "queue"]

[stash]
size = "1G"
path = "keep"
persist = true
mode = "0660"
group = "root"
"""

ONE = '[pools.dirty]\napps = "m:A"\n'


def test_every_key_arrives(site: Site) -> None:
    """Every key of the file is found in what it comes to, absolute, in seconds and bytes."""
    (site.directory / "calls").mkdir()
    configuration = site.load(FULL)
    here = str(site.directory)
    assert configuration.pools["dirty"] == Pool(
        name="dirty",
        kind="dirty",
        apps=(AppSpec("myapp.ml:Model"), AppSpec("myapp.ml:Large", 2)),
        workers=4,
        threads=2,
        timeout=120.0,
        init_timeout=math.inf,
        graceful_timeout=10.0,
        socket=f"{here}/calls/dirty.sock",
        socket_mode=0o660,
        socket_group="root",
        backstage="/run/test/dirty.backstage.sock",
        max_queue=50,
        max_message=2**20,
        max_calls=1000,
        max_calls_jitter=7,
        max_age=86400.0,
        max_age_jitter=3600.0,
        max_memory=3 * 2**29,
        max_memory_jitter=10 * 2**20,
        on_disconnect=OnDisconnect.CANCEL,
        serializer=Serializer.PICKLE,
        hooks="myapp.hooks",
        launch=Launch(
            target=POOL_WORKER,
            cwd=here,
            env={"A": "1", "B": "dirty"},
            user="33",
            group="34",
            umask=0o027,
            nice=5,
            rlimits={"nofile": Rlimit(4096, 4096)},
            stdout=f"{here}/out.log",
            stderr="stdout",
            notify=True,
        ),
        policy=Policy(
            ready_timeout=math.inf,
            stop_timeout=15.0,
            reload_timeout=15.0,
            restart_delay=2.0,
            restart_delay_max=60.0,
            max_restarts=5,
            restart_window=600.0,
        ),
        autostart=False,
        after=("queue:1", "queue:2", "other"),
    )
    assert configuration.programs["web"].after == ("other", "queue:1", "queue:2")
    assert configuration.stash == Stash(
        path=f"{here}/keep", size=2**30, persist=True, mode=0o660, group="root"
    )


def test_a_small_file_has_all_defaults(site: Site) -> None:
    """What a pool does not say is what its value has without being told."""
    configuration = site.load(ONE)
    assert configuration.pools["dirty"] == Pool(
        name="dirty",
        apps=(AppSpec("m:A"),),
        socket="/run/test/dirty.sock",
        backstage="/run/test/dirty.backstage.sock",
        launch=Launch(target=POOL_WORKER, env={}, rlimits={}, notify=True),
        policy=Policy(
            ready_timeout=300.0,
            stop_timeout=35.0,
            reload_timeout=35.0,
            restart_delay=1.0,
            restart_delay_max=30.0,
        ),
    )
    assert configuration.stash == Stash(path="/run/test/stash")
    assert configuration.programs == {}
    assert configuration.instances == {}


def test_nothing_of_the_file_is_left_in_the_values(site: Site) -> None:
    """Values are plain Python: they can be encoded, compared and kept without the kinds that read them."""
    (site.directory / "calls").mkdir()
    configuration = site.load(FULL)
    encoded = msgspec.msgpack.encode(configuration)
    assert msgspec.msgpack.decode(encoded, type=type(configuration)) == configuration
    pool = configuration.pools["dirty"]
    for name in ("kind", "hooks", "workers", "timeout", "max_message", "max_memory", "socket", "socket_mode"):
        assert type(getattr(pool, name)) in (str, int, float), name


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("max_calls = 1000", (100, 0.0, 0)),
        ("max_calls = 5", (0, 0.0, 0)),
        ('max_age = "1h"', (0, 360.0, 0)),
        ('max_memory = "100M"', (0, 0.0, 10 * 2**20)),
        ("max_calls = 1000\nmax_calls_jitter = 0", (0, 0.0, 0)),
        ('max_calls = "off"\nmax_calls_jitter = "off"', (0, 0.0, 0)),
    ],
)
def test_a_tenth_of_a_limit_is_its_jitter(site: Site, text: str, seen: tuple[int, float, int]) -> None:
    """Where a limit is given and its jitter is not, not all workers reach it at the same time."""
    pool = site.load(ONE + text).pools["dirty"]
    assert (pool.max_calls_jitter, pool.max_age_jitter, pool.max_memory_jitter) == seen


def test_limits_can_be_off(site: Site) -> None:
    """What limits a call or a worker can be said not to."""
    pool = site.load(
        ONE + 'timeout = "off"\nmax_calls = false\nmax_age = "off"\nmax_memory = "infinity"\n'
        'max_restarts = "off"\nrestart_delay_max = "off"\n'
    ).pools["dirty"]
    assert pool.timeout == 0.0
    assert (pool.max_calls, pool.max_age, pool.max_memory) == (None, None, None)
    assert (pool.policy.max_restarts, pool.policy.restart_delay_max) == (None, None)


def test_a_long_delay_does_not_have_to_grow(site: Site) -> None:
    """The default for the longest delay yields to a delay that is longer."""
    assert site.load(ONE + "restart_delay = 45\n").pools["dirty"].policy.restart_delay_max is None


@pytest.mark.parametrize(
    ("text", "scaled_to", "workers"),
    [
        ('apps = "m:A"', None, 1),
        ('apps = "m:A"\nworkers = 3', None, 3),
        ('apps = ["m:A", "m:B:3"]', None, 3),
        ('apps = "m:A:3"\nworkers = 3', None, 3),
        ('apps = "m:A"\nworkers = 3', 5, 5),
        ('apps = "m:A"\nworkers = 3', 1, 1),
        ('apps = "m:A"', 0, 1),
        ('apps = ["m:A", "m:B:3"]\nworkers = 4', 2, 3),
        ('apps = ["m:A", "m:B:3"]', 2, 3),
        ('apps = ["m:A", "m:B:3"]', 4, 4),
    ],
)
def test_there_are_as_many_workers_as_asked_for(
    site: Site, text: str, scaled_to: int | None, workers: int
) -> None:
    """The count set at run time goes before the file's, and the apps' own before both."""
    instances = {} if scaled_to is None else {"dirty": scaled_to}
    assert site.load(f"[pools.dirty]\n{text}\n", instances=instances).pools["dirty"].workers == workers


def test_defaults_of_companions_are_not_those_of_pools(site: Site) -> None:
    """What [companion_defaults] says does not concern a pool; what [supervisor] says does."""
    pool = site.load(
        '[supervisor]\nenv = { A = "1" }\nuser = "root"\n'
        '[companion_defaults]\nnice = 5\nenv = { B = "2" }\nrestart_delay = 3\n' + ONE
    ).pools["dirty"]
    assert (pool.launch.env, pool.launch.user, pool.launch.nice) == ({"A": "1"}, "root", None)
    assert pool.policy.restart_delay == 1.0


@pytest.mark.parametrize(
    ("names", "meant"),
    [([], None), (["a"], "a"), (["a", "dirty"], "dirty"), (["a", "b"], None), (["dirty"], "dirty")],
)
def test_the_default_pool_is_dirty_or_the_only_one(site: Site, names: list[str], meant: str | None) -> None:
    """Where no pool is named, no pool is guessed among several."""
    configuration = site.load("".join(f'[pools.{name}]\napps = "m:A"\n' for name in names))
    pool = configuration.default_pool
    assert (pool.name if pool else None) == meant


def test_pools_come_from_included_files(site: Site) -> None:
    """A pool may stand in a file of its own, and its paths begin there."""
    site.write(ONE + 'socket = "a.sock"\n', "conf.d/a.toml")
    pool = site.load('[supervisor]\ninclude = "conf.d/*.toml"\n').pools["dirty"]
    assert pool.socket == f"{site.directory}/conf.d/a.sock"


def test_a_word_of_the_stash_is_no_mode_elsewhere(site: Site) -> None:
    """Only the stash's own mode is taken for one that was written in decimal."""
    text = '[companions.q]\ncommand = "sleep 1"\nenv = { mode = 10 }\n[stash]\nmode = "0660"\n'
    assert site.load(text).programs["q"].launch.env == {"mode": "10"}


@pytest.mark.parametrize(
    ("environ", "uid", "path"),
    [
        ({"STATE_DIRECTORY": "/var/lib/a:/var/lib/b", "HOME": "/h"}, 1000, "/var/lib/a/stash"),
        ({"XDG_STATE_HOME": "/h/state", "HOME": "/h"}, 1000, "/h/state/app-supervisor/stash"),
        ({"HOME": "/h"}, 1000, "/h/.local/state/app-supervisor/stash"),
        ({"HOME": "/root"}, 0, "/var/lib/app-supervisor/stash"),
    ],
)
def test_a_stash_to_keep_is_in_the_state_directory(
    site: Site, environ: dict[str, str], uid: int, path: str
) -> None:
    """What outlives the daemon is not in a directory that goes with it."""
    environ = {"PATH": ENVIRON["PATH"], "RUNTIME_DIRECTORY": "/run/test", **environ}
    assert site.load("[stash]\npersist = true\n", environ=environ, uid=uid).stash.path == path


@pytest.mark.parametrize(("mode", "directory"), [("0600", 0o700), ("0660", 0o770), ("0640", 0o750)])
def test_who_may_read_the_stash_may_find_it(site: Site, mode: str, directory: int) -> None:
    """A directory has to be searched by whoever opens a file in it."""
    assert site.load(f'[stash]\nmode = "{mode}"\n').stash.directory_mode == directory


def test_a_directory_of_the_stash_may_be_there(site: Site, tmp_path: Path) -> None:
    """The directory is used where it exists, and made where it does not."""
    (tmp_path / "there").mkdir()
    for name in ("there", "new"):
        assert site.load(f'[stash]\npath = "{name}"\n').stash.path == f"{tmp_path}/{name}"


def test_reading_twice_comes_to_the_same(site: Site) -> None:
    """An unchanged file yields an equal value, which is what a reread compares."""
    (site.directory / "calls").mkdir()
    assert site.load(FULL) == site.load()
