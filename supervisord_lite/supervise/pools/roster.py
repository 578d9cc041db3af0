"""How a pool's workers are, in the words that its arbiter is told."""

from supervisord_lite.model.crew import Member
from supervisord_lite.model.states import State
from supervisord_lite.supervise.program import Supervised
from supervisord_lite.wire.backstage import RosterEntry


def entry(program: Supervised, member: Member) -> RosterEntry:
    """One worker, and why it does not serve."""
    state = program.life.state
    return RosterEntry(
        name=program.name,
        pid=program.pid,
        apps=member.apps,
        state=state,
        reason=_reason(program),
        is_leaving=member.is_leaving or state is State.STOPPING,
    )


def _reason(program: Supervised) -> str:
    match program.life.state:
        case State.RUNNING:
            return ""
        case State.BACKOFF | State.FATAL | State.EXITED if program.last_exit is not None:
            return program.last_exit.sentence()
        case State.STARTING:
            waits = f"waiting for {program.waiting_for}" if program.waiting_for else ""
            return waits or program.status_text or ""
        case State.STOPPED | State.STOPPING:
            return str(program.life.cause or "")
    return ""
