"""The transition table of a program's life: the only place that says which state follows which.

The diagram in the documentation is drawn from it (`python -m supervisord_lite.model.transitions`).
"""

from .states import State, Trigger

S, T = State, Trigger

TRANSITIONS: dict[tuple[State, Trigger], State] = {
    (S.STOPPED, T.START): S.STARTING,
    (S.STOPPED, T.RESTART): S.STARTING,
    (S.STARTING, T.LAUNCHED): S.STARTING,
    (S.STARTING, T.EXTEND): S.STARTING,
    (S.STARTING, T.READY): S.RUNNING,
    (S.STARTING, T.LATE): S.STOPPING,
    (S.STARTING, T.LEAVING): S.STOPPING,
    (S.STARTING, T.ABORT): S.STOPPING,
    (S.STARTING, T.STOP): S.STOPPING,
    (S.STARTING, T.RESTART): S.STOPPING,
    (S.STARTING, T.BACK_OFF): S.BACKOFF,
    (S.STARTING, T.FINISH): S.EXITED,
    (S.STARTING, T.GIVE_UP): S.FATAL,
    (S.RUNNING, T.PING): S.RUNNING,
    (S.RUNNING, T.EXTEND): S.RUNNING,
    (S.RUNNING, T.SILENT): S.STOPPING,
    (S.RUNNING, T.ABORT): S.STOPPING,
    (S.RUNNING, T.LEAVING): S.STOPPING,
    (S.RUNNING, T.STOP): S.STOPPING,
    (S.RUNNING, T.RESTART): S.STOPPING,
    (S.RUNNING, T.REPLACE): S.STARTING,
    (S.RUNNING, T.BACK_OFF): S.BACKOFF,
    (S.RUNNING, T.FINISH): S.EXITED,
    (S.RUNNING, T.GIVE_UP): S.FATAL,
    (S.STOPPING, T.START): S.STOPPING,
    (S.STOPPING, T.STOP): S.STOPPING,
    (S.STOPPING, T.RESTART): S.STOPPING,
    (S.STOPPING, T.ABORT): S.STOPPING,
    (S.STOPPING, T.ASKED): S.STOPPING,
    (S.STOPPING, T.EXTEND): S.STOPPING,
    (S.STOPPING, T.ESCALATE): S.STOPPING,
    (S.STOPPING, T.ENDED): S.STOPPED,
    (S.STOPPING, T.AGAIN): S.STARTING,
    (S.STOPPING, T.REPLACE): S.STARTING,
    (S.STOPPING, T.BACK_OFF): S.BACKOFF,
    (S.STOPPING, T.FINISH): S.EXITED,
    (S.STOPPING, T.GIVE_UP): S.FATAL,
    (S.BACKOFF, T.RETRY): S.STARTING,
    (S.BACKOFF, T.START): S.STARTING,
    (S.BACKOFF, T.RESTART): S.STARTING,
    (S.BACKOFF, T.STOP): S.STOPPED,
    (S.FATAL, T.START): S.STARTING,
    (S.FATAL, T.RESTART): S.STARTING,
    (S.FATAL, T.STOP): S.STOPPED,
    (S.EXITED, T.START): S.STARTING,
    (S.EXITED, T.RESTART): S.STARTING,
    (S.EXITED, T.STOP): S.STOPPED,
}


class ImpossibleTransition(Exception):
    """The table has no row for this state and trigger: an error in the daemon, never in a program."""


def follow(state: State, trigger: Trigger) -> State:
    """The state after the trigger. Raises `ImpossibleTransition`."""
    try:
        return TRANSITIONS[state, trigger]
    except KeyError:
        raise ImpossibleTransition(f"{state} has no transition for {trigger!r}") from None


def diagram() -> str:
    """The table as a Mermaid state diagram; triggers that lead to the same state share an arrow."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for (state, trigger), target in TRANSITIONS.items():
        if state is not target:
            arrows.setdefault((state, target), []).append(trigger.value)
    lines = ["stateDiagram-v2", "    [*] --> STOPPED"]
    lines += [f"    {a} --> {b}: {' / '.join(names)}" for (a, b), names in arrows.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(diagram(), end="")
