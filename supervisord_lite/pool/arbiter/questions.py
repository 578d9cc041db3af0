"""What the daemon was asked and has not answered yet."""

from collections.abc import Callable

from supervisord_lite.pool.arbiter.log import INFO, Log
from supervisord_lite.wire.backstage import Answer, Manage, Scale

PATIENCE = 30.0
"""Seconds: a daemon that does not answer within them is not waited for."""

ABSENT = "the pool's daemon is not connected to its arbiter; try again"
SILENT = f"the pool's daemon did not answer within {PATIENCE:g} s"
SIGNALS = {1: "SIGTTIN", -1: "SIGTTOU"}

Tell = Callable[[Answer], None]


class Questions:
    """Numbers questions, and brings each answer to who asked. `ask` sends, and says if there is a daemon."""

    def __init__(self, log: Log, ask: Callable[[Manage | Scale], bool], now: Callable[[], float]) -> None:
        self._log = log
        self._ask = ask
        self._now = now
        self._latest = 0
        self._open: dict[int, tuple[float, Tell]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def manage(self, operation: int, count: int, tell: Tell) -> None:
        """A client wants more workers, or fewer."""
        self._latest += 1
        self._put(Manage(self._latest, operation, count), tell)

    def scale(self, by: int) -> None:
        """A signal wants one worker more, or one fewer; the answer is logged."""
        name = SIGNALS[by]

        def tell(answer: Answer) -> None:
            if answer.error is None:
                done = "Increasing" if by > 0 else "Decreasing"
                count = answer.result.get("target_workers", answer.result.get("workers"))
                self._log.say(INFO, f"{name}: {done} dirty workers" + (f" to {count}" if count else ""))
            else:
                self._log.warn(f"{name}: {answer.error.removeprefix(name + ': ')}")

        self._latest += 1
        self._put(Scale(self._latest, by), tell)

    def _put(self, question: Manage | Scale, tell: Tell) -> None:
        self._open[question.number] = (self._now() + PATIENCE, tell)
        if not self._ask(question):
            self.answered(Answer(question.number, ABSENT))

    def answered(self, answer: Answer) -> None:
        """An answer came; one that is late has nobody to go to."""
        _, tell = self._open.pop(answer.number, (0.0, None))
        if tell is not None:
            tell(answer)

    def give_up(self, now: float) -> None:
        """Answer what the daemon did not."""
        for number in [number for number, (until, _) in self._open.items() if now >= until]:
            self.answered(Answer(number, SILENT))

    def daemon_left(self) -> None:
        """Nobody will answer what is open."""
        for number in list(self._open):
            self.answered(Answer(number, ABSENT))
