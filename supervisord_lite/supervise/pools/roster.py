"""How a pool's workers are, in the words that its arbiter is told."""

from supervisord_lite.model.crew import Member
from supervisord_lite.model.states import State
from supervisord_lite.supervise.program import Supervised
from supervisord_lite.wire.backstage import RosterEntry


def entry(program: Supervised, member: Member) -> RosterEntry:
    """One worker, and why it does not serve. One that had served is on its way back: calls wait for it."""
    state = program.life.state
    if _comes_back(program):
        state = State.STARTING
    return RosterEntry(
        name=program.name,
        pid=program.pid,
        apps=member.apps,
        state=state,
        reason=_reason(program),
        is_leaving=member.is_leaving or state is State.STOPPING,
    )


def _comes_back(program: Supervised) -> bool:
    last = program.last_exit
    return program.life.state is State.BACKOFF and last is not None and last.was_ready


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
