"""From one configuration to the next: only what changed is touched."""

from collections.abc import Mapping

from supervisord_lite.model.difference import Action, Change, compare
from supervisord_lite.model.states import Cause, Wanted
from supervisord_lite.supervise.plan import Plan
from supervisord_lite.supervise.staffing import give_plan, give_process, let_go, take_in
from supervisord_lite.supervise.supervisor import Supervisor


def plan(old: Mapping[str, Plan], new: Mapping[str, Plan], supervisor: Supervisor) -> tuple[Change, ...]:
    """What leads from the old definitions to the new ones; what was stopped by hand stays so."""
    lives = supervisor.programs
    down = {name for name in old if (life := lives.life_of(name)) is not None and life.wanted is Wanted.DOWN}
    before = {name: item.program for name, item in old.items()}
    after = {name: item.program for name, item in new.items()}
    return compare(before, after, down)


def apply(changes: tuple[Change, ...], new: Mapping[str, Plan], supervisor: Supervisor, cause: Cause) -> None:
    """Carry the changes out; returns at once, the lives go on from there."""
    with supervisor.together():
        for change in changes:
            _carry_out(change, new, supervisor, cause)


def _carry_out(change: Change, new: Mapping[str, Plan], supervisor: Supervisor, cause: Cause) -> None:
    program = supervisor.programs.find(change.name)
    match change.action:
        case Action.REMOVED if program is not None:
            let_go(supervisor, program, Cause.SCALE if cause is Cause.SCALE else Cause.REMOVED)
        case Action.ADDED:
            take_in(supervisor, new[change.name])
        case Action.RESTARTED | Action.UPDATED if program is None:
            take_in(supervisor, new[change.name])
        case Action.RESTARTED if program is not None:
            give_process(supervisor, program, new[change.name], cause)
        case Action.UPDATED if program is not None:
            give_plan(supervisor, program, new[change.name])
