"""`make bench`: ours beside supervisord and circus, and our pools beside gunicorn's, in one run and by turns.

Prints one table: medians, the least of ours, the targets, and how many times ours the others are. With
`--json FILE` every sample is written to a file. `make bench ARGS=--quick` takes less than a minute.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from bench import environment, machine
from bench.dirty.calls import IDLE, PEERS, Calls, Seconds
from bench.figures import Figure, table
from bench.lifecycle import Lifecycle
from bench.ours import Ours
from bench.peers import Circus, Supervisord
from bench.replacement import Replacement
from bench.sharing import Sharing
from bench.steady import Steady
from bench.subject import Subject, TooSlow
from supervisord_lite.linux import prctl


class Scale(NamedTuple):
    """How often everything is measured."""

    hundred: int
    five_hundred: int
    peers_at_five_hundred: int
    steady: int
    idle: float
    replacement: int
    sharing: int
    peers_replacement: int
    peers_of_application: bool
    pools: Seconds


FULL = Scale(7, 5, 3, 9, 10.0, 9, 3, 3, True, Seconds(3, 3.0, 4.0, 5000, IDLE))
QUICK = Scale(2, 2, 0, 5, 4.0, 5, 1, 1, False, Seconds(1, 2.0, 3.0, 2000, IDLE))


def main() -> int:
    """Measure, print; the exit status says whether all targets were met (0) or not (1)."""
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    prctl.become_subreaper()  # what a supervisor that is ended by force leaves behind is ended here
    directory = Path(tempfile.mkdtemp(prefix="bench-"))
    directory.chmod(0o755)
    began = time.monotonic()
    print(machine.describe(), flush=True)
    try:
        scale = QUICK if options.quick else FULL
        figures = [] if options.only == "pools" else measure(_subjects(), directory, scale)
        calls = [] if options.only == "programs" else _measure_pools(directory, scale)
    except TooSlow as error:
        print(f"bench: {error}; what it wrote is in {directory}", file=sys.stderr)
        return 1
    shutil.rmtree(directory)
    if figures:
        print(f"\n{table(figures)}")
    if calls:
        print(f"\nDirty pools, beside gunicorn {version('gunicorn')}\n\n{table(calls, PEERS)}")
    print(f"\n{machine.describe()}; took {time.monotonic() - began:.0f} s")
    figures += calls
    if options.json:
        _write(options.json, figures)
    missed = [figure.question for figure in figures if figure.verdict == "MISS"]
    print(f"Missed: {'; '.join(missed)}" if missed else "All targets are met.")
    return 1 if missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure ours beside supervisord, circus and gunicorn.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no peers with 500 programs")
    parser.add_argument("--only", choices=("programs", "pools"), help="one half of the figures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample to this file")
    return parser


def _subjects() -> list[Subject]:
    try:
        environment.prepare()
    except environment.NoEnvironment as error:
        print(f"bench: {error}; ours is measured alone", file=sys.stderr)
        return [Ours()]
    return [Ours(), Supervisord(), Circus()]


def measure(subjects: Sequence[Subject], directory: Path, scale: Scale) -> list[Figure]:
    """Everything, at this scale. Ours is the first of the subjects."""
    figures: list[Figure] = []
    for count, alive, gone, rounds, peer_rounds in (
        (100, 250.0, 100.0, scale.hundred, scale.hundred),
        (500, 900.0, 300.0, scale.five_hundred, scale.peers_at_five_hundred),
    ):
        life = Lifecycle(count, alive, gone)
        for number in range(rounds):
            _say(f"{count} commands, round {number + 1} of {rounds}")
            life.measure(subjects if number < peer_rounds else subjects[:1], directory / f"{count}-{number}")
        figures += life.figures()
    _say("idling, status, replacement of commands")
    steady = Steady()
    steady.measure(subjects, directory / "steady", scale.steady, scale.idle, scale.peers_replacement)
    figures += steady.figures()
    _say("replacement of a large program")
    large = Replacement("large", "target of a 100 MiB preload", 12.0)
    large.measure(subjects, directory / "large", scale.replacement, scale.peers_replacement)
    figures.append(large.figure)
    if len(subjects) > 1:  # Django and numpy are in the environment of the others
        figures += _measure_application(subjects, directory, scale)
    return figures


def _measure_application(subjects: Sequence[Subject], directory: Path, scale: Scale) -> list[Figure]:
    _say("replacement of Django and numpy")
    few = subjects if scale.peers_of_application else subjects[:1]
    django = Replacement("application", "target of Django and numpy", None)
    django.measure(few, directory / "django", scale.replacement, scale.peers_replacement)
    _say("memory of Django and numpy")
    sharing = Sharing()
    sharing.measure(
        subjects[0], subjects[1] if scale.peers_of_application else None, directory / "sharing", scale.sharing
    )
    return [django.figure, *sharing.figures()]


def _measure_pools(directory: Path, scale: Scale) -> list[Figure]:
    _say("dirty pools")
    pools = Calls()
    pools.measure(directory / "pools", scale.pools)
    return list(pools.figures())


def _say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {what}", file=sys.stderr, flush=True)


def _write(path: Path, figures: Sequence[Figure]) -> None:
    content = {"machine": machine.describe(), "figures": [figure.as_json() for figure in figures]}
    path.write_text(json.dumps(content, indent=1) + os.linesep)


if __name__ == "__main__":
    sys.exit(main())
