"""What a pool's programs are made of."""

import json
import signal

from supervisord_lite.config.program import OnDisconnect, Serializer, Stash
from supervisord_lite.model.crew import Member
from supervisord_lite.supervise.pools import plans
from tests.fakes.definitions import a_pool

SECOND = Member("dirty:2", 5, ("shop:Echo",), 1)


def test_an_arbiter_is_a_command_that_runs_as_the_pool() -> None:
    """Without the environment of user code."""
    pool = a_pool(launch={"user": "app", "env": {"SECRET": "1"}, "stdout": "/log"}, after=("db",))
    plan = plans.arbiter(pool, "spawner")
    launch = plan.program.launch
    assert launch.command is not None
    assert launch.command[-3:] == ("-m", "supervisord_lite.pool.arbiter", "dirty")
    assert (launch.user, launch.env, launch.stdout, launch.notify) == ("app", {}, "/log", True)
    assert (plan.name, plan.program.group, plan.identifier, plan.program.after) == (
        "dirty:arbiter",
        "dirty",
        "dirty",
        ("db",),
    )


def test_a_worker_is_called_in_a_zygote_with_its_instructions() -> None:
    """On top of what the file says, and replaced at once when it has served."""
    plan = plans.worker(a_pool(launch={"env": {"A": "1"}}, threads=3, hooks="shop.hooks"), SECOND, "zygote")
    env = dict(plan.program.launch.env)
    told = json.loads(env.pop("SUPERVISOR_WORKER"))
    assert env == {"A": "1"}
    assert told == {
        "pool": "dirty",
        "name": "dirty:2",
        "age": 5,
        "apps": ["shop:Echo"],
        "threads": 3,
        "backstage": "/run/test/dirty.backstage.sock",
        "pickle": False,
        "hooks": "shop.hooks",
        "max_message": 64 * 2**20,
        "arbiter": None,
    }
    assert plan.is_called
    assert (plan.server, plan.program.instance, plan.program.after) == ("zygote", 2, ("dirty:arbiter",))
    assert plan.program.launch.rlimits["core"].soft == 0
    policy = plan.program.policy
    assert (policy.restart_at_once, policy.late_signal) == (True, signal.SIGABRT)
    assert (policy.notify, policy.ready_key) == (True, "init_timeout")


def test_what_only_a_new_worker_can_take_on() -> None:
    """Not what the arbiter alone goes by, nor how a life is lived."""
    pool = a_pool()
    for same in (a_pool(timeout=1.0), a_pool(max_queue=1), a_pool(workers=9), a_pool(init_timeout=3.0)):
        assert not plans.needs_processes(pool, same)
    for other in (a_pool(threads=2), a_pool(hooks="x"), a_pool(launch={"cwd": "/"}), a_pool(max_message=1)):
        assert plans.needs_processes(pool, other)


def test_settings_are_in_the_words_of_the_wire() -> None:
    """With the stash, and the tables that classes declare."""
    pool = a_pool(on_disconnect=OnDisconnect.CANCEL, serializer=Serializer.PICKLE, max_calls=7)
    found = plans.settings(pool, Stash(path="/stash", size=5, persist=True), ("b", "a", "b"))
    assert (found.cancel_on_disconnect, found.pickle, found.max_calls) == (True, True, 7)
    assert (found.stash, found.stash_size, found.stash_persist, found.stash_tables) == (
        "/stash",
        5,
        True,
        ("a", "b"),
    )
