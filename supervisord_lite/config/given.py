"""Values with the place where they were given, so that whatever is wrong with them is told there."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Given(Struct, frozen=True):
    """A parsed value, the file it stands in and the dotted path of its key."""

    value: Any
    file: str
    key: str


class Section(Struct, frozen=True):
    """One table of a file: where it stands, what it gives, and the keys whose value was refused.

    The value of a table in a table is a dict of Given. `refused` keeps one mistake from being told twice.
    """

    file: str
    key: str
    given: Mapping[str, Given] = {}
    refused: frozenset[str] = frozenset()

    def holds(self, key: str) -> bool:
        """Return whether the operator gave the key, well or badly."""
        return key in self.given or key in self.refused
