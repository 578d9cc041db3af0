"""All that the daemon knows of one program, as labelled lines under its line of the table."""

import shlex
import time
from collections.abc import Iterator, Mapping
from typing import Any

from supervisord_lite.cli.paint import printable
from supervisord_lite.model.durations import spell

LABEL_WIDTH = 14


def details(program: Mapping[str, Any], now: float) -> list[str]:
    """The lines; `now` is unix time in seconds, against which moments are "ago"."""
    facts = (*_life(program, now), *_setup(program), *_outputs(program))
    return [
        f"{label:>{LABEL_WIDTH}}: {printable(str(value))}"
        for label, value in facts
        if value not in (None, "")
    ]


def moment(unix: float, now: float) -> str:
    """Local time, and how long before (or after) `now` it is."""
    local = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(unix))
    return f"{local} ({spell(now - unix)} ago)" if unix <= now else f"{local} (in {spell(unix - now)})"


def _life(program: Mapping[str, Any], now: float) -> Iterator[tuple[str, Any]]:
    yield "wanted", program.get("wanted")
    yield "pid", program.get("pid")
    if program.get("since") is not None:
        yield "in this state", f"since {moment(program['since'], now)}"
    yield "says", program.get("status_text")
    last = program.get("last_exit")
    if last:
        at = last.get("at") or program.get("last_exited_at")
        yield "last exit", last.get("sentence")
        yield "at", moment(at, now) if at else None
    if program.get("next_retry_at") is not None:
        yield "next start", moment(program["next_retry_at"], now)
    yield "restarts", f"{program.get('restarts', 0)} (exits: {program.get('exit_count', 0)})"


def _setup(program: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "target", program.get("target")
    command = program.get("command")
    yield "command", shlex.join(map(str, command)) if command else None
    generation = program.get("generation")
    yield "forked from", f"zygote generation {generation}" if generation is not None else None
    yield "user", program.get("user")
    yield "after", ", ".join(program.get("after") or ())
    if program.get("stop_timeout") is not None:
        yield "stop timeout", spell(program["stop_timeout"])
    yield "cgroup", program.get("cgroup")


def _outputs(program: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    journal = f"journal (supctl logs {shlex.quote(str(program.get('name')))})"
    stdout, stderr = program.get("stdout"), program.get("stderr")
    yield "stdout", journal if stdout == "journal" else stdout
    if stderr != stdout and stderr != "stdout":
        yield "stderr", journal if stderr == "journal" else stderr
