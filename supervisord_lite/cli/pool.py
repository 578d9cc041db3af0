"""A dirty pool as the control socket tells of it: its arbiter's report, beside the daemon's own programs.

The arbiter knows the workers that are connected to it; the daemon knows all of them, and why one is not. Both
are asked, and neither is needed: without the report the programs are shown alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from supervisord_lite.cli.table import Program
from supervisord_lite.control.client import Client, Refused, Reply, TimedOut

Report = Mapping[str, Any]


class Pool(NamedTuple):
    """One pool: the `pool` object of the daemon's reply, its programs, and why there is no report if so."""

    name: str
    report: Report
    programs: Sequence[Program]
    error: str | None = None

    @property
    def arbiter(self) -> Program | None:
        """The program that routes the calls."""
        return next((p for p in self.programs if p["name"] == f"{self.name}:arbiter"), None)

    @property
    def is_reported(self) -> bool:
        """Whether its arbiter has answered."""
        return "workers" in self.report

    @property
    def runs(self) -> bool:
        """Whether the arbiter and as many workers as wanted run; one being replaced is no lack."""
        running = {p["name"] for p in self.programs if p["state"] == "RUNNING"}
        workers = len(running - {f"{self.name}:arbiter"})
        wanted = self.report.get("workers_wanted", len(self.programs) - 1)
        return f"{self.name}:arbiter" in running and workers >= wanted


def pools_among(reply: Reply, names: Sequence[str]) -> list[str]:
    """Which of `names` are pools, going by a status reply."""
    known = {pool.get("name") for pool in reply.get("pools", ())}
    return [name for name in dict.fromkeys(names) if name in known]


def ask(client: Client, name: str, status: Reply) -> Pool:
    """Ask for the report of one pool. `status` is the reply that has its programs. Raises ControlError.

    An arbiter that does not answer is no error here: the pool is then without a report.
    """
    programs = [p for p in status.get("companions", ()) if p.get("companion") == name]
    try:
        reply = client.request({"cmd": "pool", "name": name})
    except (Refused, TimedOut) as error:
        if isinstance(error, Refused) and error.code != "failed":
            raise  # it was the request that was wrong
        return Pool(name, {"name": name, "error": str(error)}, programs, str(error))
    report = reply.get("pool") or {}
    error_text = report.get("error") or reply.get("warning")
    return Pool(name, report, programs, str(error_text) if error_text else None)
