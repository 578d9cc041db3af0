"""One app of the pool: who waits for it, who can run it, how it did."""

from supervisord_lite.pool.routing.calls import Group, Lane
from supervisord_lite.pool.routing.samples import Samples
from supervisord_lite.pool.routing.waiting import WaitingLine


class Service:
    """The record of one app. `groups`: of workers that have it, those with the fewest other apps first.

    So a worker that alone has some app is kept free for it while others can take the call.
    """

    __slots__ = (
        "app",
        "calls",
        "errors",
        "groups",
        "hopeless_because",
        "hopeless_since",
        "line",
        "ran",
        "waited",
    )

    def __init__(self, app: str) -> None:
        self.app = app
        self.line = WaitingLine()
        self.groups: list[Group] = []
        self.calls = 0
        self.errors = 0
        self.waited = Samples()
        self.ran = Samples()
        self.hopeless_because: str | None = None
        self.hopeless_since = 0.0

    def join(self, group: Group) -> None:
        """Workers of this group can run it."""
        if group not in self.groups:
            self.groups.append(group)
            self.groups.sort(key=lambda group: len(group.apps))

    def take_idle(self) -> Lane | None:
        """A lane that can run it now."""
        for group in self.groups:
            if group.idle:
                return group.take() if group.is_threaded else group.idle.pop()
        return None

    def record(self, waited: float, ran: float, is_error: bool) -> None:
        """A call has ended."""
        self.calls += 1
        self.waited.append(waited)
        self.ran.append(ran)
        if is_error:
            self.errors += 1
