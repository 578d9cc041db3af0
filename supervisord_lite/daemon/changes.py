"""From one configuration to the next: only what changed is touched."""

from collections.abc import Mapping

from supervisord_lite.model.difference import Action, Change, compare
from supervisord_lite.model.events import Again, Start, Stop
from supervisord_lite.model.states import Cause, Wanted
from supervisord_lite.supervise.supervisor import Supervisor

from .programs import Planned


def plan(
    old: Mapping[str, Planned], new: Mapping[str, Planned], supervisor: Supervisor
) -> tuple[Change, ...]:
    """What leads from the old definitions to the new ones; what was stopped by hand stays so."""
    lives = supervisor.programs
    down = {name for name in old if (life := lives.life_of(name)) is not None and life.wanted is Wanted.DOWN}
    before = {name: item.program for name, item in old.items()}
    after = {name: item.program for name, item in new.items()}
    return compare(before, after, down)


def apply(
    changes: tuple[Change, ...], new: Mapping[str, Planned], supervisor: Supervisor, cause: Cause
) -> None:
    """Carry the changes out; returns at once, the lives go on from there."""
    with supervisor.together():
        for change in changes:
            match change.action:
                case Action.REMOVED:
                    _remove(change.name, supervisor, Cause.SCALE if cause is Cause.SCALE else Cause.REMOVED)
                case Action.ADDED:
                    _add(new[change.name], supervisor)
                case Action.RESTARTED | Action.UPDATED:
                    _replace(new[change.name], supervisor, change.action is Action.RESTARTED, cause)
        supervisor.programs.reorder()


def _remove(name: str, supervisor: Supervisor, cause: Cause) -> None:
    program = supervisor.programs.find(name)
    if program is None:
        return
    program.is_leaving = True
    if program.life.wanted is Wanted.DOWN and program.child is None:
        supervisor.programs.forget(program)
    else:
        supervisor.feed(program, Stop(cause))


def _add(item: Planned, supervisor: Supervisor) -> None:
    program = supervisor.programs.find(item.program.name)
    if program is None:
        program = supervisor.programs.add(item.program, item.kind, item.server)
    else:
        # It was removed, has not gone yet, and is back.
        program.is_leaving = False
        program.succeed(item.program, item.kind, item.server)
    if item.program.autostart:
        supervisor.feed(program, Start())


def _replace(item: Planned, supervisor: Supervisor, needs_process: bool, cause: Cause) -> None:
    program = supervisor.programs.find(item.program.name)
    if program is None:
        _add(item, supervisor)
        return
    program.succeed(item.program, item.kind, item.server)
    if needs_process:
        supervisor.feed(program, Again(cause))
    else:
        program.take_successor()
