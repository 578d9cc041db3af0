"""scale: more and fewer instances while the daemon runs."""

import pytest

from tests.integration.daemon import QUICK, Daemon

WORKER = f'{QUICK}[companions.worker]\ncommand = ["sleep", "100%(instance)s"]\n'


@pytest.fixture
def running(daemon: Daemon) -> Daemon:
    """A daemon with two workers."""
    return daemon.start(WORKER + "instances = 2\n")


def test_up_down_and_to_a_number(running: Daemon) -> None:
    """+1, -1 and a number add and remove the instances with the highest numbers, and touch no other."""
    before = running.pids()
    assert running.do("scale", name="worker", count="+2")["added"] == ["worker:3", "worker:4"]
    running.wait(["worker:3", "worker:4"], "running")
    with running.events() as events:
        assert running.do("scale", name="worker", count="-1")["removed"] == ["worker:4"]
        events.until("worker:4", "STOPPED")
        reply = running.do("scale", name="worker", count=1)
        gone = set()
        while gone != {"worker:2", "worker:3"}:
            event = events.next()
            gone |= {event["name"]} if event["to"] == "STOPPED" else set()
        assert event["description"] == "stopped: scale"
    assert (reply["instances"], sorted(reply["removed"])) == (1, ["worker:2", "worker:3"])
    assert running.pids() == {"worker:1": before["worker:1"]}


def test_to_zero_and_back(running: Daemon) -> None:
    """A companion can be scaled to nothing, and comes back."""
    assert running.do("scale", name="worker", count="0")["instances"] == 0
    assert running.do("scale", name="worker", count=1)["added"] == ["worker:1"]
    running.wait("worker:1", "running")


def test_a_plain_name_stays(daemon: Daemon) -> None:
    """A companion of one that is scaled up keeps its name and its process."""
    daemon.start(WORKER)
    before = daemon.pids()
    assert daemon.do("scale", name="worker", count="+1")["added"] == ["worker:2"]
    assert daemon.pids()["worker"] == before["worker"]
    assert list(daemon.programs()) == ["worker", "worker:2"]


def test_scale_holds_over_reread(running: Daemon) -> None:
    """The number holds over a reread, until the file itself gives another."""
    running.do("scale", name="worker", count=3)
    running.wait("worker:3", "running")
    before = running.pids()
    running.configure(WORKER + "instances = 2\n[companions.other]\ncommand = 'sleep 1000'\n")
    assert running.do("reread")["added"] == ["other"]
    assert {name: running.pids()[name] for name in before} == before
    running.configure(WORKER + "instances = 1\n")
    with running.events() as events:
        running.do("reread")
        events.until("worker", "RUNNING")
    assert "worker:2" not in running.pids() or running.states()["worker:2"] == "STOPPING"


def test_scale_leaves_other_changes_of_the_file(running: Daemon) -> None:
    """scale changes the number alone, whatever else is new in the file."""
    running.configure(WORKER + "instances = 2\n[companions.other]\ncommand = 'sleep 1000'\n")
    running.do("scale", name="worker", count=3)
    assert "other" not in running.programs()


@pytest.mark.parametrize("count", ["-3", "x", "", "+", "1.5"])
def test_impossible_numbers_are_refused(running: Daemon, count: object) -> None:
    """A number that is none, or less than nothing, is refused in a sentence."""
    reply = running.ctl("scale", name="worker", count=count)
    assert reply["ok"] is False
    assert reply["error"]
    assert len(running.programs()) == 2


def test_only_companions_can_be_scaled(running: Daemon) -> None:
    """scale of an unknown name is refused."""
    assert running.ctl("scale", name="nobody", count=1)["code"] == "unknown_program"
