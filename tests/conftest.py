"""What all tests share: the last lines of a run say in plain words what was not run, and why."""

from collections import Counter

import pytest


def pytest_unconfigure(config: pytest.Config) -> None:
    """Print, after pytest's own summary, each reason for a skip with the number of tests it cost."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or config.option.collectonly:
        return
    reasons = Counter(reason(report) for report in reporter.stats.get("skipped", []))
    for why, count in reasons.most_common():
        reporter.write_line(f"Not run: {count} {'test' if count == 1 else 'tests'}: {why}")
    if not reasons:
        reporter.write_line("Nothing was skipped.")


def reason(report: pytest.TestReport) -> str:
    """Return why a test was skipped, without pytest's prefix."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")
