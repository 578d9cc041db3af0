"""What a pool's programs are made of, and what its arbiter is told of its configuration."""

import resource
import signal
import sys
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from supervisord_lite.config.program import Launch, OnDisconnect, Pool, Program, Rlimit, Serializer, Stash
from supervisord_lite.model.crew import Member
from supervisord_lite.model.policy import Policy
from supervisord_lite.supervise import plan
from supervisord_lite.supervise.plan import Plan
from supervisord_lite.wire.backstage import Settings
from supervisord_lite.wire.worker_orders import WORKER_ORDERS, WorkerOrders

PRELOAD = "supervisord_lite.pool.worker"
"""What a zygote imports before the application, where it has workers to fork."""

_ARBITER = (sys.executable, "-P", "-m", "supervisord_lite.pool.arbiter")

_ROUTING = Policy(
    notify=True,
    restart_delay=0.2,
    restart_delay_max=10.0,
    restart_at_once=True,
    stop_timeout=10.0,
    reload_timeout=10.0,
)


def arbiter_name(pool: str) -> str:
    """The name of a pool's arbiter."""
    return f"{pool}:arbiter"


def arbiter(pool: Pool, spawner: str) -> Plan:
    """The process that routes calls. It runs no user code, and needs none of its environment."""
    launch = Launch(
        command=(*_ARBITER, pool.name),
        env={},
        user=pool.launch.user,
        group=pool.launch.group,
        rlimits={},
        stdout=pool.launch.stdout,
        stderr=pool.launch.stderr,
        notify=True,
    )
    return plan.arbiter(
        Program(
            name=arbiter_name(pool.name),
            group=pool.name,
            instance=0,
            launch=launch,
            policy=_ROUTING,
            autostart=pool.autostart,
            after=pool.after,
        ),
        spawner,
    )


def worker(pool: Pool, member: Member, zygote: str) -> Plan:
    """A process that loads these apps and answers calls."""
    launch = pool.launch
    return plan.worker(
        Program(
            name=member.name,
            group=pool.name,
            instance=int(member.name.rpartition(":")[2]),
            launch=replace(
                launch,
                env={**launch.env, WORKER_ORDERS: _instructions(pool, member)},
                rlimits={"core": _no_core(), **launch.rlimits},
            ),
            policy=replace(
                pool.policy,
                notify=True,
                ready_key="init_timeout",
                restart_at_once=True,
                late_signal=signal.SIGABRT,  # its stacks, which say where `init()` hangs
            ),
            autostart=pool.autostart,
            after=(arbiter_name(pool.name),),
        ),
        zygote,
    )


def not_started(plan: Plan) -> Plan:
    """The same for a pool that is stopped: it is there, and waits for somebody to start it."""
    return replace(plan, program=replace(plan.program, autostart=False))


def needs_processes(old: Pool, new: Pool) -> bool:
    """Whether a change of the definition is one that only new workers can take on."""
    nobody = Member(f"{new.name}:0", 0, (), 0)
    return (
        old.apps != new.apps
        or worker(old, nobody, "").program.launch != worker(new, nobody, "").program.launch
    )


def settings(pool: Pool, stash: Stash | None, tables: Iterable[str]) -> Settings:
    """What the arbiter is told; `stash` None: there is none to be had."""
    kept = stash or Stash(path="")
    return Settings(
        pool=pool.name,
        apps=tuple(app.path for app in pool.apps),
        threads=pool.threads,
        timeout=pool.timeout,
        graceful_timeout=pool.graceful_timeout,
        max_queue=pool.max_queue,
        max_message=pool.max_message,
        cancel_on_disconnect=pool.on_disconnect is OnDisconnect.CANCEL,
        pickle=pool.serializer is Serializer.PICKLE,
        max_calls=pool.max_calls,
        max_calls_jitter=pool.max_calls_jitter,
        max_age=pool.max_age,
        max_age_jitter=pool.max_age_jitter,
        max_memory=pool.max_memory,
        max_memory_jitter=pool.max_memory_jitter,
        stash=kept.path or None,
        stash_size=kept.size,
        stash_mode=kept.mode,
        stash_persist=kept.persist,
        stash_tables=tuple(sorted(set(tables))),
    )


def _instructions(pool: Pool, member: Member) -> str:
    orders = WorkerOrders(
        pool=pool.name,
        name=member.name,
        age=member.age,
        apps=member.apps,
        threads=pool.threads,
        backstage=pool.backstage,
        pickle=pool.serializer is Serializer.PICKLE,
        hooks=pool.hooks,
        max_message=pool.max_message,
    )
    return msgspec.json.encode(orders).decode()


def _no_core() -> Rlimit:
    """A core of a large model would hold up the replacement; whoever wants one sets rlimits.core."""
    return Rlimit(0, resource.getrlimit(resource.RLIMIT_CORE)[1])
