"""Tables with headings, where a line has more than a name, a state and a sentence."""

from collections.abc import Sequence
from typing import NamedTuple

from supervisord_lite.cli.paint import paint, printable

GAP = "  "


class Column(NamedTuple):
    """A heading. `right`: numbers, flush right. `painted`: each cell in the colour of what it says."""

    head: str
    right: bool = False
    painted: bool = False


def columns(heads: Sequence[Column], rows: Sequence[Sequence[str]], colour: bool = False) -> list[str]:
    """The heading and a line for each row, each column as wide as it must be."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [
        max([len(column.head), *(len(row[number]) for row in cells)]) for number, column in enumerate(heads)
    ]
    lines = [GAP.join(_pad(c.head, c, width, False) for c, width in zip(heads, widths, strict=True)).rstrip()]
    for row in cells:
        parts = [_pad(text, c, width, colour) for text, c, width in zip(row, heads, widths, strict=True)]
        lines.append(GAP.join(parts).rstrip())
    return lines


def _pad(text: str, column: Column, width: int, colour: bool) -> str:
    space = " " * (width - len(text))
    shown = paint(text, text, colour and column.painted)
    return space + shown if column.right else shown + space
