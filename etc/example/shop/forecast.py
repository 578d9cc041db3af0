"""What the shop will sell: work that is too heavy for a web process, done by a pool of workers."""

import math
import random
import time
from collections.abc import Iterator

from supervisord_lite.dirty import DirtyApp, stash

DAYS = 365


class Forecast(DirtyApp):
    """Holds a year of sales for each article; every worker has loaded it before it takes a call."""

    stashes = ("asked",)

    def init(self) -> None:
        """Load the year. A real shop would read its database here, or a model."""
        chance = random.Random(1)
        self.sales = {
            article: [max(0, round(chance.gauss(40 + 15 * math.sin(day / 58), 9))) for day in range(DAYS)]
            for article in ("chairs", "lamps", "tables")
        }

    def next_week(self, article: str) -> list[int]:
        """Return what will probably be sold on each of the next seven days."""
        stash.incr("asked", article)  # shared by all workers, and with every other program
        past = self.sales[article]
        return [round(sum(past[day - 28 : day]) / 28) for day in range(DAYS - 6, DAYS + 1)]

    def year(self, article: str, pause: float = 0.1) -> Iterator[str]:
        """Yield one line a month, each as soon as it is worked out."""
        past = self.sales[article]
        for month in range(12):
            time.sleep(pause)
            yield f"month {month + 1:2}: {sum(past[month * 30 : month * 30 + 30]):5} {article}"
