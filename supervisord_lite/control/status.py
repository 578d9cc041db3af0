"""What `status` says of one program, in the words of the control protocol."""

import time
from typing import Any

from supervisord_lite.model.exits import Exit
from supervisord_lite.model.states import State
from supervisord_lite.supervise.outputs import Outputs
from supervisord_lite.supervise.program import Supervised


def program_status(program: Supervised, outputs: Outputs, now: float) -> dict[str, Any]:
    """The object of one program; `now` is monotonic seconds. Times are seconds since the epoch."""
    life, definition, last = program.life, program.definition, program.last_exit
    wall = time.time() - now
    stdout, stderr = outputs.destinations(definition.launch)
    running = life.state is State.RUNNING
    return {
        "name": program.name,
        "companion": definition.group,
        "instance": definition.instance,
        "state": life.state,
        "wanted": life.wanted,
        "pid": program.pid,
        "description": program.describe(now),
        "kind": program.plan.kind,
        "uptime": round(now - life.launched_at, 3) if running and life.launched_at is not None else None,
        "since": wall + life.since,
        "started_at": program.started_at if program.child is not None else None,
        "restarts": program.restarts,
        "exit_count": program.exit_count,
        "next_retry_at": wall + life.deadline if life.state is State.BACKOFF and life.deadline else None,
        "restart_delay": definition.policy.restart_delay,
        "last_exit_code": last.code if last is not None else None,
        "last_exit_signal": last.signal if last is not None else None,
        "last_exited_at": program.ended_at,
        "last_exit": exit_status(last, program.ended_at) if last is not None else None,
        "status_text": program.status_text,
        "stop_timeout": definition.policy.stop_timeout,
        "stdout": stdout,
        "stderr": stderr,
        "identifier": program.plan.identifier,
        "user": definition.launch.user,
        "target": definition.launch.target,
        "command": definition.launch.command,
        "after": definition.after,
        "generation": program.generation,
        "cgroup": str(program.child.cgroup.path) if program.child and program.child.cgroup else None,
    }


def exit_status(last: Exit, at: float | None) -> dict[str, Any]:
    """How its last process ended."""
    return {
        "code": last.code,
        "signal": last.signal,
        "error": last.error,
        "cause": last.cause,
        "killed": last.killed,
        "core": last.core,
        "user_cpu": last.user_cpu,
        "system_cpu": last.system_cpu,
        "peak_memory": last.peak_memory,
        "uptime": last.uptime,
        "at": at,
        "sentence": f"{last.sentence()}; {last.cost()}",
    }
