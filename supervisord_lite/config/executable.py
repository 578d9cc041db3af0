"""Which file a command executes: found before anything runs, as execvp(3) will find it."""

import os
from collections.abc import Mapping

from supervisord_lite.config.value import shown

DEFAULT_PATH = "/bin:/usr/bin"  # execvp(3), where PATH is not set


class Executables:
    """Answers which words can be executed, remembered for one reading of the configuration."""

    def __init__(self) -> None:
        self._why_not: dict[tuple[str, str], str | None] = {}

    def why_not(self, word: str, env: Mapping[str, str]) -> str | None:
        """Return why a program of environment `env` cannot execute `word` (absolute, or without a slash)."""
        search = "" if "/" in word else env.get("PATH", DEFAULT_PATH)
        key = (word, search)
        if key not in self._why_not:
            self._why_not[key] = _why_not_executable(word) if "/" in word else _why_not_found(word, search)
        return self._why_not[key]


def _why_not_executable(path: str) -> str | None:
    if not os.path.exists(path):
        return f'cannot be executed: there is no "{path}"'
    if not os.path.isfile(path):
        return f'cannot be executed: "{path}" is not a file'
    return (
        None if os.access(path, os.X_OK) else f'cannot be executed: "{path}" is not executable; chmod +x it'
    )


def _why_not_found(word: str, search: str) -> str | None:
    for directory in search.split(":"):
        if directory.startswith("/") and not _why_not_executable(f"{directory}/{word}"):
            return None
    return (
        f"cannot be executed: {shown(word)} is not on its PATH ({search}); "
        "give its full path, or set PATH in env"
    )
