"""A private directory with a configuration in it, and the two ways reading it can end."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from supervisord_lite.config.load import load
from supervisord_lite.config.problem import ConfigError
from supervisord_lite.config.program import Configuration

ENVIRON = {"PATH": "/usr/bin:/bin", "HOME": "/root", "RUNTIME_DIRECTORY": "/run/test"}


class Site:
    """Files below one directory, read as the daemon reads them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.main = directory / "main.toml"

    def write(self, text: str, name: str = "main.toml") -> Path:
        """Write a file below the directory and return its path."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def load(
        self,
        text: str | None = None,
        *,
        environ: Mapping[str, str] = ENVIRON,
        instances: Mapping[str, int] | None = None,
        uid: int = 1000,
    ) -> Configuration:
        """Return the configuration in the main file, written first if given."""
        if text is not None:
            self.write(text)
        return load(str(self.main), environ, instances=instances, uid=uid)

    def problems(self, text: str | None = None, *, environ: Mapping[str, str] = ENVIRON) -> list[str]:
        """Return "KEY: message" of everything that is wrong with the main file."""
        with pytest.raises(ConfigError) as caught:
            self.load(text, environ=environ)
        return [f"{problem.key}: {problem.message}" for problem in caught.value.problems]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """An empty directory for a configuration."""
    return Site(tmp_path)
