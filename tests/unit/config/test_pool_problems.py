"""What is refused in pools and in the stash, where, and with which words."""

import pytest

from .conftest import ENVIRON, Site

POOL = '[pools.dirty]\napps = "m:A"\n'
NAME = "n" * 64
LONG = "d" * 60

REFUSED = {
    "no_apps": ("[pools.dirty]", "pools.dirty", 'has no apps; give it apps = ["module:Class"]'),
    "empty_apps": ("[pools.dirty]\napps = []", "pools.dirty.apps", "must not be empty"),
    "bad_app": ('[pools.dirty]\napps = "myapp"', "pools.dirty.apps", 'must be "module:Class" or'),
    "dotted_app": ('[pools.dirty]\napps = "myapp.ml.A"', "pools.dirty.apps", 'did you mean "myapp.ml:A"?'),
    "called_app": ('[pools.dirty]\napps = "m:A()"', "pools.dirty.apps", "written without parentheses"),
    "app_of_wrong_type": ("[pools.dirty]\napps = [3]", "pools.dirty.apps", "a list of these, which 3 is not"),
    "app_in_no_worker": ('[pools.dirty]\napps = "m:A:0"', "pools.dirty.apps", "with N from 1 to 10000"),
    "app_in_many_workers": ('[pools.dirty]\napps = "m:A:10001"', "pools.dirty.apps", "N from 1 to 10000"),
    "app_with_a_word": ('[pools.dirty]\napps = "m:A:two"', "pools.dirty.apps", 'not "m:A:two"'),
    "app_twice": ('[pools.dirty]\napps = ["m:A", "m:A:2"]', "pools.dirty.apps", 'names "m:A" twice'),
    "too_few_workers": (
        '[pools.dirty]\napps = ["m:A:2", "m:B:3", "m:C"]\nworkers = 2',
        "pools.dirty.workers",
        'must be at least 3, not 2: apps asks for 3 with "m:B:3"',
    ),
    "no_workers": (POOL + "workers = 0", "pools.dirty.workers", "from 1 to 10000, not 0"),
    "no_threads": (POOL + "threads = 0", "pools.dirty.threads", "from 1 to 1000, not 0"),
    "no_queue": (POOL + "max_queue = 0", "pools.dirty.max_queue", "must be an integer from 1"),
    "http": (POOL + 'kind = "http"', "pools.dirty.kind", 'must be "dirty": this release has no pools'),
    "bad_kind": (POOL + 'kind = "celery"', "pools.dirty.kind", 'must be "dirty", not "celery"'),
    "bad_choice": (POOL + 'on_disconnect = "cancle"', "pools.dirty.on_disconnect", 'did you mean "cancel"?'),
    "bad_serializer": (
        POOL + 'serializer = "json"',
        "pools.dirty.serializer",
        'must be one of "msgpack", "pi',
    ),
    "unending_init": (POOL + 'init_timeout = "off"', "pools.dirty.init_timeout", 'or "infinity", not "off"'),
    "unending_grace": (
        POOL + 'graceful_timeout = "infinity"',
        "pools.dirty.graceful_timeout",
        "(seconds), not",
    ),
    "bad_size": (POOL + 'max_message = "lots"', "pools.dirty.max_message", 'must be a size such as "64M"'),
    "bad_unit": (POOL + 'max_message = "64 MB"', "pools.dirty.max_message", 'base 1024), not "MB"'),
    "size_without_unit": (
        POOL + "max_memory = 500",
        "pools.dirty.max_memory",
        'must be at least 1M, and 500 is 500 bytes; did you mean "500M"?',
    ),
    "small_message": (
        POOL + 'max_message = "1"',
        "pools.dirty.max_message",
        'must be at least 1K, and "1" is 1',
    ),
    "negative_calls": (POOL + "max_calls = -1", "pools.dirty.max_calls", '0 or more, or "off", not -1'),
    "jitter_of_nothing": (
        POOL + "max_age_jitter = 5",
        "pools.dirty.max_age_jitter",
        "needs max_age, which it",
    ),
    "hooks_of_a_file": (POOL + 'hooks = "hooks.py"', "pools.dirty.hooks", "written without its ending"),
    "hooks_with_a_function": (POOL + 'hooks = "m:f"', "pools.dirty.hooks", 'did you mean "m"?'),
    "pool_delay_does_not_grow": (
        POOL + "restart_delay = 5\nrestart_delay_max = 4",
        "pools.dirty.restart_delay_max",
        "(4s) must be greater than restart_delay (5s)",
    ),
    "decimal_socket_mode": (POOL + "socket_mode = 66", "socket_mode", 'line 3; write the mode as "066"'),
    "decimal_stash_mode": ("[stash]\nmode = 66", "mode", 'line 2; write the mode as "066"'),
    "closed_to_its_group": (
        POOL + 'socket_group = "root"',
        "pools.dirty.socket_group",
        'lets nobody in while socket_mode is "0600"; write socket_mode = "0660"',
    ),
    "stash_closed_to_its_group": (
        '[stash]\ngroup = "root"\nmode = "0640"',
        "stash.group",
        'lets nobody in while mode is "0640"; write mode = "0660"',
    ),
    "unknown_pool_group": (POOL + 'socket_group = "rooot"', "pools.dirty.socket_group", 'mean "root"?'),
    "instance_of_a_pool": (POOL + 'env = { A = "%(instance)s" }', "pools.dirty.env.A", "not known here"),
    "socket_in_no_directory": (POOL + 'socket = "no/x.sock"', "pools.dirty.socket", "does not; create it"),
    "directory_as_pool_socket": (POOL + 'socket = "."', "pools.dirty.socket", "is a directory"),
    "long_pool_socket": (POOL + f'socket = "/run/{"x" * 103}"', "pools.dirty.socket", "has 108 bytes"),
    "long_default_socket": (
        f'[supervisor]\ncontrol_socket = "/run/{LONG}/c"\n[pools.{NAME}]\napps = "m:A"',
        f"pools.{NAME}",
        "cannot have the socket beside the control socket, because its path is too long",
    ),
    "long_backstage": (
        f'[supervisor]\ncontrol_socket = "/run/{LONG}/c"\n[pools.{NAME[:30]}]\napps = "m:A"',
        f"pools.{NAME[:30]}",
        "cannot have the workers' socket beside the control socket",
    ),
    "socket_of_another_pool": (
        POOL + '[pools.b]\napps = "m:A"\nsocket = "/run/test/dirty.sock"',
        "pools.b.socket",
        'cannot be "/run/test/dirty.sock", which is the socket of [pools.dirty]',
    ),
    "socket_of_the_daemon": (
        '[pools.control]\napps = "m:A"',
        "pools.control",
        'at "/run/test/control.sock", which is the control socket',
    ),
    "socket_of_the_workers": (
        POOL + '[pools."dirty.backstage"]\napps = "m:A"',
        'pools."dirty.backstage"',
        "which is the workers' socket of [pools.dirty]",
    ),
    "name_of_a_companion": (
        '[companions.dirty]\ncommand = "sleep 1"\n' + POOL,
        "pools.dirty",
        "has the name of a companion, [companions.dirty] in",
    ),
    "taken_pool_name": ('[pools.zygote]\napps = "m:A"', "pools.zygote", "has a meaning of its own"),
    "circle_over_a_pool": (
        POOL + 'after = "q"\n[companions.q]\ncommand = "sleep 1"\nafter = "dirty"',
        "pools.dirty.after",
        "goes in a circle: dirty after q after dirty",
    ),
    "worker_in_after": (
        POOL + 'after = "dirty:1"',
        "pools.dirty.after",
        'such companion or pool; write "dirty"',
    ),
    "pools_is_no_table": ("pools = []", "pools", "must hold tables, [pools.NAME], not a list"),
    "misspelt_pool_key": (POOL + "max_quue = 3", "pools.dirty.max_quue", 'did you mean "max_queue"?'),
    "pool_with_a_dot": ('[pools.my.ml]\napps = "m:A"', "pools.my.ml", 'in quotes, [pools."my.ml"]'),
    "pool_name_as_key": (POOL + 'name = "x"', "pools.dirty.name", "a pool's name is the last part of"),
    "key_of_gunicorn": (
        POOL + "dirty_threads = 2",
        "pools.dirty.dirty_threads",
        'here it is called "threads"',
    ),
    "hook_of_gunicorn": (
        POOL + 'dirty_worker_init = "m:f"',
        "pools.dirty.dirty_worker_init",
        'a function of that name belongs in the module that "hooks" names',
    ),
    "key_of_gunicorn_for_all": (
        '[supervisor]\ndirty_apps = ["m:A"]',
        "supervisor.dirty_apps",
        'here it is called "apps", under [pools.NAME] such as [pools.dirty]',
    ),
    "key_of_gunicorn_alone": ("dirty_timeout = 3", "dirty_timeout", '"timeout", under [pools.NAME]'),
    "requests_of_gunicorn": (POOL + "max_requests = 3", "pools.dirty.max_requests", 'called "max_calls"'),
    "key_of_a_companion": (POOL + "instances = 3", "pools.dirty.instances", 'here it is called "workers"'),
    "key_of_a_pool": (
        '[companions.q]\ncommand = "sleep 1"\nworkers = 3',
        "companions.q.workers",
        'here it is called "instances"',
    ),
    "pool_on_top": ('[dirty]\napps = "m:A"', "dirty", "a pool is written [pools.dirty]"),
    "small_stash": ("[stash]\nsize = 256", "stash.size", 'did you mean "256M"?'),
    "key_of_the_stash": (POOL + "persist = true", "pools.dirty.persist", "it belongs under [stash]"),
    "misspelt_stash_key": ("[stash]\nmap_size = 3", "stash.map_size", 'here it is called "size"'),
    "stash_in_no_directory": ('[stash]\npath = "no/stash"', "stash.path", "does not; create it"),
    "stash_in_a_file": ('[stash]\npath = "main.toml"', "stash.path", "must be a directory, which"),
    "stash_at_a_socket": (
        POOL + 'socket = "a.sock"\n[stash]\npath = "a.sock"',
        "stash.path",
        "which is the socket of [pools.dirty]",
    ),
    "no_room_for_the_stash": (
        POOL + 'rlimits = { as = "128M" }',
        "pools.dirty.rlimits.as",
        'the stash maps 339738624; raise it, or lower "size" of [stash]',
    ),
}
UNKNOWN_TO_A_SCHEMA = {  # what depends on the machine, on other keys or tables, or on more than a text's form
    *("app_in_many_workers", "app_twice", "too_few_workers", "jitter_of_nothing", "pool_delay_does_not_grow"),
    *("decimal_socket_mode", "decimal_stash_mode", "closed_to_its_group", "stash_closed_to_its_group"),
    *("unknown_pool_group", "instance_of_a_pool", "socket_in_no_directory", "directory_as_pool_socket"),
    *("long_pool_socket", "long_default_socket", "long_backstage", "socket_of_another_pool"),
    *("socket_of_the_daemon", "socket_of_the_workers", "name_of_a_companion", "circle_over_a_pool"),
    *("worker_in_after", "small_message", "stash_in_no_directory", "stash_in_a_file", "stash_at_a_socket"),
    "no_room_for_the_stash",
}


@pytest.mark.parametrize(("text", "key", "message"), REFUSED.values(), ids=REFUSED)
def test_a_mistake_is_told_once_with_its_key(site: Site, text: str, key: str, message: str) -> None:
    """One mistake is one problem, which names the key and says what to do."""
    (problem,) = site.problems(text)
    assert problem.startswith(f"{key}: ")
    assert message in problem


@pytest.mark.parametrize(
    "text",
    [
        "[pools.dirty]\napps = 5\nworkers = 2",
        "[pools.dirty]\ndirty_apps = ['m:A']",
        '[pools.dirty]\napps = "m:A:2"\nworkers = "x"',
        POOL + "max_calls = 'x'\nmax_calls_jitter = 3",
        POOL + "restart_delay_max = 3\nrestart_delay = 'x'",
        POOL + "socket = ''",
        "[stash]\npersist = true\npath = 3",
        '[pools.dirty]\napps = "m:A"\nsocket_group = "root"\nsocket_mode = 999',
    ],
)
def test_no_mistake_follows_from_another(site: Site, text: str) -> None:
    """A key that was refused is not said to be missing, or to go with another, as well."""
    assert len(site.problems(text)) == 1


def test_a_pool_in_two_files_is_refused(site: Site) -> None:
    """The same name in two files is refused with both places."""
    site.write(POOL, "conf.d/a.toml")
    (problem,) = site.problems('[supervisor]\ninclude = "conf.d/*.toml"\n' + POOL)
    assert problem == f'pools.dirty: is defined already, in "{site.main}"; remove or rename one'


def test_two_paths_of_one_place_are_one_socket(site: Site) -> None:
    """A symbolic link does not hide that two pools would bind the same path."""
    (site.directory / "real").mkdir()
    (site.directory / "link").symlink_to("real")
    (problem,) = site.problems(
        POOL + 'socket = "real/a.sock"\n[pools.b]\napps = "m:A"\nsocket = "link/a.sock"\n'
    )
    assert problem.startswith("pools.b.socket: ")
    assert "which is the socket of [pools.dirty]" in problem


def test_a_stash_to_keep_needs_a_place(site: Site) -> None:
    """Where nothing says where to keep it, the file has to."""
    environ = {"PATH": ENVIRON["PATH"], "RUNTIME_DIRECTORY": "/run/test"}
    (problem,) = site.problems("[stash]\npersist = true\n", environ=environ)
    assert problem.startswith("stash.path: has no default with persist = true")
