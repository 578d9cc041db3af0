"""An app as gunicorn's users have it."""

from gunicorn.dirty import DirtyApp


class Gunicorns(DirtyApp):
    """Knows nothing of this project."""

    workers = 2

    def init(self):
        self.factor = 2

    def double(self, value):
        return self.factor * value

    def count(self, n):
        yield from range(n)

    def _hidden(self):
        return "seen"
