"""One reaper for every child, and trees that are ended whole."""

import asyncio
from pathlib import Path
from signal import SIGKILL

import pytest

from supervisord_lite.linux.cgroup import Subtree
from supervisord_lite.model.life import Life
from supervisord_lite.model.policy import Policy
from supervisord_lite.supervise.child import Child
from supervisord_lite.supervise.program import Supervised
from supervisord_lite.supervise.reaper import UPROOT_FOR, Reaper
from supervisord_lite.supervise.trees import CgroupTrees, GroupTrees, Trees
from tests.fakes import cgroup as fake
from tests.fakes.definitions import a_plan, a_program

from .stage import Stage

MARK = b"PATH=/bin\0SUPERVISOR_COOKIE=worker\0"


class Reaping:
    """A reaper with one program, whose main process is 100."""

    def __init__(self, stage: Stage, trees: Trees | None = None) -> None:
        self.kernel = stage.kernel
        self.trees = trees or GroupTrees(self.kernel)
        self.reaper = Reaper(self.kernel, self.trees, lambda program, child: self.ended.append(child.pid))
        self.ended: list[int] = []
        self.kernel.on_child_end = lambda: asyncio.get_running_loop().call_soon(self.reaper.collect)
        self.child = self.register(100)

    def register(self, pid: int, name: str = "worker") -> Child:
        """A main process of a program."""
        self.kernel.spawn(pid, env=MARK.replace(b"worker", name.encode()))
        child = Child(pid, self.kernel.now(), name, None, self.trees.plant(name))
        self.reaper.register(Supervised(a_plan(a_program(name))), child)
        return child


async def test_an_end_is_reported_once(stage: Stage) -> None:
    """With its status and its moment."""
    reaping = Reaping(stage)
    stage.kernel.clock += 3
    stage.kernel.end(100, code=4)
    await stage.pass_time(1)
    assert reaping.ended == [100]
    ended = reaping.child.exit(Life(), Policy())
    assert (ended.code, ended.signal, ended.uptime) == (4, None, 3.0)


async def test_a_strangers_status_changes_nothing(stage: Stage) -> None:
    """An adopted process is reaped, and that is all."""
    reaping = Reaping(stage)
    stage.kernel.spawn(500, group=400)
    stage.kernel.end(500, code=1)
    await stage.pass_time(1)
    assert stage.kernel.processes[500].is_reaped
    assert reaping.ended == []


async def test_who_stayed_in_the_group_dies_with_the_main_process(stage: Stage) -> None:
    """While the pid is still the group's own."""
    reaping = Reaping(stage)
    near = stage.kernel.spawn(500, parent=100, group=100)
    stage.kernel.end(100)
    await stage.pass_time(1)
    assert near.received == [SIGKILL]
    assert reaping.ended == [100]


async def test_who_left_the_session_is_found_by_the_mark(stage: Stage) -> None:
    """An orphan in a session of its own carries it in its environment."""
    reaping = Reaping(stage)
    far = stage.kernel.spawn(500, parent=100, env=MARK)
    farther = stage.kernel.spawn(501, parent=500, env=MARK)
    stage.kernel.end(100)
    await stage.pass_time(1)
    assert (far.lives, farther.lives) == (False, False)
    assert reaping.ended == [100]


async def test_what_was_forked_from_a_target_is_found_by_its_title(stage: Stage) -> None:
    """A fork without exec has the fork server's environment, and the program's title."""
    reaping = Reaping(stage)
    far = stage.kernel.spawn(500, parent=100, title="app-supervisor: worker [shop:run]")
    stage.kernel.end(100)
    await stage.pass_time(1)
    assert not far.lives
    assert reaping.ended == [100]


async def test_who_hides_both_is_found_by_a_survey(stage: Stage) -> None:
    """What was below the process when it was asked to end is known by pid and start."""
    reaping = Reaping(stage)
    hidden = stage.kernel.spawn(500, parent=100)
    reaping.trees.survey(reaping.child)
    stage.kernel.end(100)
    await stage.pass_time(1)
    assert not hidden.lives


async def test_a_pid_that_was_used_again_is_spared(stage: Stage) -> None:
    """The start time tells a stranger from who had the number before."""
    reaping = Reaping(stage)
    stage.kernel.spawn(500, parent=100)
    reaping.trees.survey(reaping.child)
    stage.kernel.end(500)
    stranger = stage.kernel.spawn(500, parent=1, env=b"")
    stranger.started = 10**6
    stage.kernel.end(100)
    await stage.pass_time(1)
    assert stranger.lives
    assert reaping.ended == [100]


async def test_others_are_spared(stage: Stage) -> None:
    """Neither the processes of another program nor another main process of ours are touched."""
    reaping = Reaping(stage)
    reaping.register(200, "mail")
    orphan = stage.kernel.spawn(500, env=MARK.replace(b"worker", b"mail"))
    stage.kernel.end(100)
    await stage.pass_time(1)
    assert orphan.lives
    assert stage.kernel.processes[200].lives
    assert reaping.ended == [100]


async def test_the_end_is_not_told_before_nothing_is_left(stage: Stage) -> None:
    """What survives SIGKILL is killed again, and waited for."""
    reaping = Reaping(stage)
    stubborn = stage.kernel.spawn(500, parent=100, env=MARK)
    stubborn.is_unkillable = True
    stage.kernel.end(100)
    await stage.pass_time(2)
    assert reaping.ended == []
    assert len(stubborn.received) > 2
    stage.kernel.end(500, signal=SIGKILL)
    await stage.pass_time(1)
    assert reaping.ended == [100]


async def test_what_never_goes_is_given_up(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """After a while the program goes on without it, and the log says so."""
    reaping = Reaping(stage)
    stage.kernel.spawn(500, parent=100, env=MARK).is_unkillable = True
    stage.kernel.end(100)
    await stage.pass_time(UPROOT_FOR + 1)
    assert reaping.ended == [100]
    assert caplog.messages == ["worker: processes it started survive SIGKILL; going on without them"]


async def test_a_kill_reaches_the_whole_tree(stage: Stage) -> None:
    """The group, and everybody below, wherever they went."""
    reaping = Reaping(stage)
    near = stage.kernel.spawn(500, parent=100, group=100)
    far = stage.kernel.spawn(501, parent=500)
    reaping.trees.kill(reaping.child)
    await stage.pass_time(1)
    assert [process.lives for process in (near, far, stage.kernel.processes[100])] == [False] * 3
    assert reaping.ended == [100]


async def test_a_group_of_control_is_ended_whole(stage: Stage, tmp_path: Path) -> None:
    """It is killed until it can be removed; then the end is told, with the memory that it used."""
    reaping = Reaping(stage, CgroupTrees(Subtree(tmp_path)))
    group = reaping.child.cgroup
    assert group is not None
    fake.enter(group)
    fake.use_memory(group, 7 * 2**20)
    stage.kernel.end(100)
    await stage.pass_time(0.5)
    assert reaping.ended == []
    assert fake.is_killed(group)
    fake.leave(group)
    await stage.pass_time(0.5)
    assert reaping.ended == [100]
    assert not group.path.exists()
    assert reaping.child.exit(Life(), Policy()).peak_memory == 7 * 2**20


async def test_without_a_figure_of_the_group_the_process_has_one(stage: Stage, tmp_path: Path) -> None:
    """getrusage(2) knows something without the memory controller."""
    reaping = Reaping(stage, CgroupTrees(Subtree(tmp_path)))
    stage.kernel.end(100)
    await stage.pass_time(0.5)
    assert reaping.child.exit(Life(), Policy()).peak_memory == 2**20


async def test_a_kill_is_for_the_group_of_control(stage: Stage, tmp_path: Path) -> None:
    """The kernel knows who is in it."""
    reaping = Reaping(stage, CgroupTrees(Subtree(tmp_path)))
    assert reaping.child.cgroup is not None
    fake.enter(reaping.child.cgroup)
    reaping.trees.kill(reaping.child)
    assert fake.is_killed(reaping.child.cgroup)


async def test_an_expected_child_tells_how_it_ended(stage: Stage) -> None:
    """It is no program; what it leaves behind ends with it."""
    reaping = Reaping(stage)
    stage.kernel.spawn(500)
    stage.kernel.spawn(501, parent=500, group=500)
    how = reaping.reaper.expect(500)
    stage.kernel.end(500, code=1)
    await stage.pass_time(1)
    assert how.result().code == 1
    assert not stage.kernel.processes[501].lives
    assert reaping.ended == []
