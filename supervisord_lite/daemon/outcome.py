"""What is told of a change of the configuration: in a reply, and in the log."""

import asyncio
import logging
from typing import Any

from supervisord_lite.config.load import Problem
from supervisord_lite.config.program import Configuration
from supervisord_lite.model.difference import Action

from .intent import Intent

log = logging.getLogger(__name__)

Reply = dict[str, Any]

REPORTED = (Action.ADDED, Action.REMOVED, Action.RESTARTED, Action.UPDATED)


def log_outcome(change: asyncio.Task[Reply]) -> None:
    """Say in the log what became of a change that nobody waits for."""
    if change.cancelled():
        return
    error = change.exception()
    if error is not None:
        log.error("supervisord-lite: reread failed: %s", error)
        return
    reply = change.result()
    if reply["ok"]:
        lists = "; ".join(f"{key} {', '.join(reply[key])}" for key in REPORTED if reply[key])
        log.info("supervisord-lite: reread, %s", lists or "nothing changed")
    else:
        log.error("supervisord-lite: reread refused, the old configuration stays: %s", reply["error"])


def refusal(problems: tuple[Problem, ...]) -> Reply:
    """The reply that refuses a configuration: the first problem as a sentence, and all of them."""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    rows = [{"file": p.file, "key": p.key, "message": p.message} for p in problems]
    return {"ok": False, "error": f"{problems[0]}{more}", "code": "config", "problems": rows}


def lists_of(intent: Intent) -> dict[str, list[str]]:
    """The names by what happens to them; the daemon's own are in it only where they change."""
    lists: dict[str, list[str]] = {action.value: [] for action in Action}
    for change in intent.changes:
        planned = intent.planned.get(change.name)
        is_own = planned is not None and planned.is_own
        if not (is_own and change.action in (Action.UNCHANGED, Action.ADDED)):
            lists[change.action].append(change.name)
    for item in intent.pools:
        lists[item.change.action].append(item.change.name)
    return lists


def out_of_reach(old: Configuration, new: Configuration) -> list[str]:
    """What a running daemon cannot take on, as warnings."""
    keys = ("control_socket", "control_socket_mode", "control_socket_group", "log_level")
    found = [
        f"supervisor.{key}" for key in keys if getattr(old.supervisor, key) != getattr(new.supervisor, key)
    ]
    found += [
        f"stash.{key}"
        for key in ("path", "persist", "mode", "group")
        if getattr(old.stash, key) != getattr(new.stash, key)
    ]
    return [f"{key} changed: it takes effect when the daemon is restarted" for key in found]
