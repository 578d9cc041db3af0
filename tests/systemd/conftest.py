"""Runs the tests of `inside/` in one box with a real systemd, and reports them as if they had run here.

They are collected here as all tests are (so names, -k and -x work). A second pytest, inside the box, runs
those that are selected and writes its reports to a pipe, one JSON object a line; here each is read when its
turn comes.
Where there can be no box the tests are skipped with the reason; with CI=true they fail.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
INSIDE = HERE / "inside"
WHEELS = ROOT / "dist" / "wheels"
REPORTS = "SUPERVISORD_LITE_BOX"  # set in the box alone: the descriptor that the reports go to
CANNOT_BOOT = 77
BOX_TIMEOUT = 300  # seconds a test; the pytest in the box keeps the shorter limit of each test itself
in_box = REPORTS in os.environ


class Box:
    """One box that runs the given tests in order, and what it reports of them."""

    def __init__(self, nodeids: list[str]) -> None:
        """Start it. The output of the pytest in it is kept, for the case that it ends too early."""
        reader, writer = os.pipe()
        self._output = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the box
        environ = [f"{REPORTS}={writer}", f"CI={os.environ.get('CI', '')}"]
        options = ["--rootdir", str(ROOT), "-p", "no:cacheprovider"]
        self.process = subprocess.Popen(
            [
                "setpriv",
                "--pdeathsig",
                "TERM",
                str(HERE / "box"),
                "env",
                *environ,
                sys.executable,
                "-m",
                "pytest",
                *options,
                *nodeids,
            ],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            pass_fds=(writer,),
        )
        os.close(writer)
        self._lines = os.fdopen(reader, encoding="utf-8")

    def reports(self, nodeid: str) -> Iterator[dict[str, Any]]:
        """Yield the reports of this test, which must be the next. Raises EOFError if the box ended."""
        for line in self._lines:
            message = json.loads(line)
            if message == {"finished": nodeid}:
                return
            yield message
        raise EOFError

    def last_words(self) -> str:
        """Return the end of what the box printed."""
        self._output.seek(0)
        return self._output.read()[-4000:].decode(errors="replace")

    def close(self) -> None:
        """End the box and everything in it."""
        self.process.terminate()
        self.process.wait()
        self._lines.close()
        self._output.close()


box_key = pytest.StashKey[Box]()


def why_no_box() -> str | None:
    """Return why the tests of `inside/` cannot run on this machine, as far as it shows before trying."""
    if os.getuid() != 0:
        return "needs root: sudo make test"
    if not Path("/lib/systemd/systemd").exists():
        return "needs systemd: apt-get install systemd"
    if not any(WHEELS.glob("supervisord_lite-*.whl")):
        return "needs dist/wheels, as a box has no network: make wheels"
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what cannot run, and leave the clock of what can to the pytest in the box."""
    if in_box:
        config.pluginmanager.register(Teller(config, int(os.environ[REPORTS])))
        return
    reason = why_no_box()
    for item in items:
        if INSIDE not in item.path.parents:
            continue
        item.add_marker(pytest.mark.systemd)
        item.add_marker(pytest.mark.timeout(BOX_TIMEOUT))
        if reason and os.environ.get("CI") != "true":
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Report a test of `inside/` from the box instead of running it."""
    if in_box or INSIDE not in item.path.parents or item.get_closest_marker("skip"):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in reports_from_box(item):
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def reports_from_box(item: pytest.Item) -> Iterator[pytest.TestReport]:
    """Yield what happened to the test in the box, which is started with the first of them."""
    if reason := why_no_box():
        yield verdict(item, "failed", reason)
        return
    stash = item.session.stash
    if box_key not in stash:
        stash[box_key] = Box([other.nodeid for other in item.session.items if INSIDE in other.path.parents])
    box = stash[box_key]
    try:
        for data in box.reports(item.nodeid):
            if isinstance(data["longrepr"], list):  # where and why of a skip, which JSON has no tuple for
                data["longrepr"] = tuple(data["longrepr"])
            yield item.config.hook.pytest_report_from_serializable(config=item.config, data=data)
    except EOFError:
        status = box.process.wait()
        if status == CANNOT_BOOT and os.environ.get("CI") != "true":
            yield verdict(item, "skipped", box.last_words().strip().rpartition("\n")[2])
        else:
            reason = f"the box ended with status {status} before this test was done:\n{box.last_words()}"
            yield verdict(item, "failed", reason)


def verdict(item: pytest.Item, outcome: Any, reason: str) -> pytest.TestReport:
    """Return a report of our own."""
    path, line, _ = item.location
    longrepr: Any = (path, (line or 0) + 1, reason) if outcome == "skipped" else reason
    return pytest.TestReport(item.nodeid, item.location, dict(item.keywords), outcome, longrepr, "call")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the box, also when the run was interrupted."""
    if box := session.stash.get(box_key, None):
        box.close()


class Teller:
    """In the box: passes every report to the pytest outside."""

    def __init__(self, config: pytest.Config, descriptor: int) -> None:
        """Reports go to the descriptor that the box was started with."""
        self._config = config
        self._descriptor = descriptor

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Pass a report on."""
        self._tell(self._config.hook.pytest_report_to_serializable(config=self._config, report=report))

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Tell that a test has no more reports."""
        self._tell({"finished": nodeid})

    def _tell(self, message: dict[str, Any]) -> None:
        line = (json.dumps(message, default=repr) + "\n").encode()
        while line:
            line = line[os.write(self._descriptor, line) :]
