"""What is wrong with a configuration: the fault of its author, told so that it can be mended in one go."""

from collections.abc import Sequence

from msgspec import Struct


class Problem(Struct, frozen=True):
    """One thing to mend: the file, the dotted path of the key ("" for the file itself), one sentence."""

    file: str
    key: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.key, self.message) if part)


class ConfigError(Exception):
    """The configuration cannot be used. `problems` holds every reason, those of a table together."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Problems:
    """Collects problems while reading goes on; the same problem found twice is told once."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}
        self._tables: dict[tuple[str, ...], int] = {}

    def add(self, file: str, key: str, message: str) -> None:
        """Note one more problem; whatever the message repeats of the file, it stays one line."""
        self._found[Problem(file, _one_line(key), _one_line(message))] = None
        self._tables.setdefault(_table(file, key), len(self._tables))

    def raise_if_any(self) -> None:
        """Raise ConfigError with everything noted so far, table by table, if anything was."""
        if self._found:
            raise ConfigError(sorted(self._found, key=self._rank))

    def _rank(self, problem: Problem) -> int:
        return self._tables[_table(problem.file, problem.key)]


def _one_line(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def _table(file: str, key: str) -> tuple[str, ...]:
    """Return the table a key belongs to: [supervisor], or [companions.NAME], or [pools.NAME]."""
    return (file, *key.split(".")[: 2 if key.startswith(("companions.", "pools.")) else 1])
