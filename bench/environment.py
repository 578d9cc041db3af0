"""The environment with the other supervisors and with Django and numpy; ours does not depend on them."""

import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIRECTORY = ROOT / ".venv" / "bench"
PYTHON = sys.executable
PACKAGES = ("supervisor>=4.3,<5", "circus>=0.19,<0.20", "django>=5.2,<6", "numpy>=2,<3")


class NoEnvironment(Exception):
    """It could not be made; the message says why, in a sentence."""


def prepare() -> Path:
    """Make the environment where it is missing, or made for other packages; returns its directory.

    Raises `NoEnvironment`.
    """
    stamp = DIRECTORY / "packages"
    wanted = f"{sys.version}\n{PACKAGES}\n"
    if stamp.exists() and stamp.read_text() == wanted:
        return DIRECTORY
    print(f"Installing {', '.join(PACKAGES)} for the comparison", file=sys.stderr)
    try:
        _run(sys.executable, "-m", "venv", "--clear", str(DIRECTORY))
        _run(str(DIRECTORY / "bin" / "python"), "-m", "pip", "install", "--quiet", *PACKAGES)
    except subprocess.CalledProcessError as error:
        last = error.stderr.strip().splitlines()[-1:]
        raise NoEnvironment(f"the other supervisors cannot be installed: {' '.join(last)}") from error
    stamp.write_text(wanted)
    return DIRECTORY


def site_packages() -> Path:
    """Where its packages are: ours finds Django and numpy there, by `python_path`."""
    names = {"base": str(DIRECTORY), "platbase": str(DIRECTORY)}
    return Path(sysconfig.get_path("purelib", scheme="venv", vars=names))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)
