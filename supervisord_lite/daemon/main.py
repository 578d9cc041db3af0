"""`supervisord-lite`: the daemon's command line."""

import argparse
import gc
import os
import signal
import sys
from typing import NoReturn

from supervisord_lite import __version__


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the daemon, or check its configuration; exits 0, 1 (failed), 2 (usage) or 78 (refused)."""
    options = _parser().parse_args(arguments)
    if options.check:
        sys.exit(_check(options.config))
    sys.exit(_run(options.config, options.log_level))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="supervisord-lite",
        description="Run the programs of a configuration file and keep them running, in the foreground.",
        epilog="SIGTERM and SIGINT stop everything in order, a second one at once. SIGHUP rereads the file. "
        "SIGUSR1 reopens log files. Exits 78 where the configuration is refused. See supctl(1) for what a "
        "running daemon can be told.",
    )
    parser.add_argument("-c", "--config", metavar="FILE", required=True, help="the configuration (TOML)")
    parser.add_argument("--check", action="store_true", help="say all that is wrong with FILE, and exit")
    parser.add_argument("--log-level", metavar="LEVEL", help="debug, info, warning, error; overrides FILE")
    parser.add_argument("--version", action="version", version=f"supervisord-lite {__version__}")
    return parser


def _check(path: str) -> int:
    from .check import check

    problems = check(path)
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"{path}: no problems found")
    return 1 if problems else 0


def _run(path: str, log_level: str | None) -> int:
    gc.disable()  # what is imported and read now stays: `start` freezes it and lets the collector run
    # TLS has no place in the daemon, and asyncio alone would import it: 4 MiB.
    sys.modules.setdefault("ssl", None)  # type: ignore[arg-type]
    from .starting import start

    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    return start(path, log_level, os.environ)
