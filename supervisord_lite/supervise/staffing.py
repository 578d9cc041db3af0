"""Taking programs in, letting them go, and giving them another plan, while everything else runs on."""

from supervisord_lite.model.events import Again, Start, Stop
from supervisord_lite.model.states import Cause, Wanted

from .handing import Handed
from .plan import Plan
from .program import Supervised
from .supervisor import Supervisor


def take_in(supervisor: Supervisor, plan: Plan, handed: tuple[Handed, ...] = ()) -> Supervised:
    """The program is there from now on, and starts unless its definition says otherwise."""
    program = supervisor.programs.find(plan.name)
    if program is None:
        program = supervisor.programs.add(plan)
    else:
        # It was let go, has not gone yet, and is back.
        program.is_leaving = False
        program.succeed(plan)
        supervisor.programs.reorder()
    program.handed = handed
    if plan.program.autostart:
        supervisor.feed(program, Start())
    return program


def let_go(supervisor: Supervisor, program: Supervised, cause: Cause) -> None:
    """It is asked to end, and forgotten when it has."""
    program.is_leaving = True
    if program.life.wanted is Wanted.DOWN and program.child is None:
        supervisor.programs.forget(program)
    else:
        supervisor.feed(program, Stop(cause))


def give_plan(supervisor: Supervisor, program: Supervised, plan: Plan) -> None:
    """It follows this plan from now on, in the process that it has."""
    program.succeed(plan)
    program.take_successor()
    supervisor.programs.reorder()


def give_process(supervisor: Supervisor, program: Supervised, plan: Plan, cause: Cause) -> None:
    """It follows this plan with a new process, once the old one has ended."""
    program.succeed(plan)
    supervisor.programs.reorder()
    supervisor.feed(program, Again(cause))
