"""What the daemon is asked."""

from supervisord_lite.pool.arbiter.questions import PATIENCE, Questions
from supervisord_lite.wire.backstage import Answer, Manage, Scale


class Desk:
    """The daemon's side, the log and the clock."""

    def __init__(self) -> None:
        self.asked: list[Manage | Scale] = []
        self.lines: list[str] = []
        self.is_there = True
        self.now = 0.0
        self.answers: list[Answer] = []
        self.questions = Questions(self, self.ask, lambda: self.now)  # type: ignore[arg-type]

    def ask(self, question: Manage | Scale) -> bool:
        """Send it."""
        self.asked.append(question)
        return self.is_there

    def say(self, level: int, text: str) -> None:
        """A line of the log."""
        self.lines.append(f"<{level}>{text}")

    def warn(self, text: str) -> None:
        """The same."""
        self.lines.append(f"WARNING: {text}")


def test_an_answer_goes_to_who_asked() -> None:
    """Once."""
    desk = Desk()
    desk.questions.manage(1, 2, desk.answers.append)
    desk.questions.manage(2, 1, desk.answers.append)
    assert desk.asked == [Manage(1, 1, 2), Manage(2, 2, 1)]
    for _ in range(2):
        desk.questions.answered(Answer(2))
    assert desk.answers == [Answer(2)]
    assert len(desk.questions) == 1


def test_who_asks_an_absent_daemon_is_told() -> None:
    """At once, or when it goes."""
    desk = Desk()
    desk.questions.manage(1, 1, desk.answers.append)
    desk.questions.daemon_left()
    desk.is_there = False
    desk.questions.manage(1, 1, desk.answers.append)
    assert [answer.error is not None for answer in desk.answers] == [True, True]


def test_a_silent_daemon_is_not_waited_for_for_ever() -> None:
    """Its late answer goes nowhere."""
    desk = Desk()
    desk.questions.manage(1, 1, desk.answers.append)
    desk.questions.give_up(PATIENCE - 0.1)
    assert desk.answers == []
    desk.questions.give_up(PATIENCE)
    desk.questions.answered(Answer(1))
    assert [answer.error for answer in desk.answers] == ["the pool's daemon did not answer within 30 s"]


def test_signals_are_answered_in_the_log() -> None:
    """In the words that gunicorn's users look for."""
    desk = Desk()
    desk.questions.scale(+1)
    desk.questions.scale(-1)
    desk.questions.answered(Answer(1, None, {"target_workers": 4}))
    desk.questions.answered(Answer(2, "SIGTTOU: Cannot decrease below 3 workers (required by app specs)"))
    assert desk.lines == [
        "<6>SIGTTIN: Increasing dirty workers to 4",
        "WARNING: SIGTTOU: Cannot decrease below 3 workers (required by app specs)",
    ]
