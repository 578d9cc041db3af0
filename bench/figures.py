"""Figures: samples of each supervisor for one question, a target, a verdict, and the table of all."""

import statistics
from collections.abc import Sequence
from typing import Any

OURS = "ours"
PEERS = ("supervisord", "circus")


class Figure:
    """One question and the samples that answer it.

    Less is better, and `target` the most that passes; where `more` is better, the least.
    """

    def __init__(
        self, question: str, unit: str, target: float | None = None, note: str = "", *, more: bool = False
    ) -> None:
        self.question = question
        self.unit = unit
        self.target = target
        self.note = note
        self.more = more
        self.samples: dict[str, list[float]] = {}

    def add(self, name: str, value: float) -> None:
        """One more sample of this supervisor."""
        self.samples.setdefault(name, []).append(value)

    def median(self, name: str) -> float | None:
        """The median of its samples."""
        found = self.samples.get(name)
        return statistics.median(found) if found else None

    @property
    def verdict(self) -> str:
        """PASS or MISS by the median; empty where there is no target, or nothing was measured."""
        ours = self.median(OURS)
        if self.target is None or ours is None:
            return ""
        return "PASS" if (ours >= self.target if self.more else ours <= self.target) else "MISS"

    @property
    def best(self) -> float | None:
        """The best of our samples, where there are several."""
        ours = self.samples.get(OURS, ())
        return (max(ours) if self.more else min(ours)) if len(ours) > 1 else None

    def ratio(self, name: str) -> float | None:
        """How many times better than it ours is."""
        ours, theirs = self.median(OURS), self.median(name)
        if not ours or not theirs:
            return None
        return ours / theirs if self.more else theirs / ours

    def as_json(self) -> dict[str, Any]:
        """All of it, for a file."""
        return {
            "question": self.question,
            "unit": self.unit,
            "target": self.target,
            "verdict": self.verdict or None,
            "note": self.note or None,
            "median": {name: self.median(name) for name in self.samples},
            "minimum": {name: min(values) for name, values in self.samples.items()},
            "maximum": {name: max(values) for name, values in self.samples.items()},
            "ratio": {name: self.ratio(name) for name in self.samples if name != OURS},
            "samples": self.samples,
        }

    def row(self, peers: Sequence[str]) -> list[str]:
        """Its cells of the table."""
        return [
            self.question,
            self.unit,
            "" if self.target is None else f"{'≥' if self.more else '≤'} {_spell(self.target)}",
            self.verdict,
            _spell(self.median(OURS)),
            _spell(self.best),
            *(self._beside(name) for name in peers),
            self.note,
        ]

    def _beside(self, name: str) -> str:
        ratio = self.ratio(name)
        return _spell(self.median(name)) + (f" ({ratio:.1f}×)" if ratio is not None else "")


def table(figures: Sequence[Figure], peers: Sequence[str] = PEERS) -> str:
    """All figures, as a table that is readable as it is and as Markdown."""
    head = ["figure", "unit", "target", "", "ours", "best", *(f"{name} (ours better)" for name in peers), ""]
    rows = [head, *(figure.row(peers) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [_line(row, widths) for row in rows]
    rule = "|".join("-" * (width + 2) for width in widths)
    return "\n".join([lines[0], f"|{rule}|", *lines[1:]])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    aligned = [
        cell.rjust(width) if 4 <= column < 6 else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join(aligned)} |"


def _spell(value: float | None) -> str:
    if value is None:
        return ""
    if value >= 100:
        return f"{value:.0f}"
    if value >= 10 or value == 0:
        return f"{value:.1f}".removesuffix(".0")
    return f"{value:.2f}".removesuffix("0").removesuffix(".0")
