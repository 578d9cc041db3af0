"""The request table: what each command does, with what it acts on played by a stage."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from supervisord_lite import __version__
from supervisord_lite.control import requests as r
from supervisord_lite.control.commands import Commands
from supervisord_lite.control.pools import PoolCommands
from supervisord_lite.control.requests import RequestRefused
from supervisord_lite.model.exits import Exit
from supervisord_lite.model.states import State
from supervisord_lite.supervise.outputs import Outputs
from supervisord_lite.supervise.plan import Kind
from supervisord_lite.supervise.pools.keeper import Keeper
from tests.unit.supervise.stage import Stage


class FakeOperations:
    """The daemon as a whole, which only remembers what it was asked."""

    def __init__(self) -> None:
        self.is_stopping = False
        self.asked: list[tuple[Any, ...]] = []

    def describe(self) -> dict[str, Any]:
        return {"pid": 7}

    async def reread(self, wait: bool = True) -> dict[str, Any]:
        return self._note("reread") if wait else self._note("reread", "unwaited")

    async def plan(self) -> dict[str, Any]:
        return self._note("plan")

    async def check(self, path: str | None) -> dict[str, Any]:
        return self._note("check", path)

    async def scale(self, companion: str, count: int | str) -> dict[str, Any]:
        return self._note("scale", companion, count)

    def shut_down(self) -> None:
        self._note("shut_down")

    def _note(self, *what: Any) -> dict[str, Any]:
        self.asked.append(what)
        return {"ok": True}


class NoPools:
    """There are none."""

    def __init__(self) -> None:
        self.keepers: dict[str, Keeper] = {}
        self.failed: dict[str, str] = {}


class NoFiles:
    """A log writer that is never asked."""

    def writer(self, path: str, owner: tuple[int, int] | None) -> int:
        raise AssertionError(f"nobody said anything of {path}")


@pytest.fixture
def operations() -> FakeOperations:
    """Nobody has asked for anything yet."""
    return FakeOperations()


@pytest.fixture
def commands(stage: Stage, operations: FakeOperations) -> Commands:
    """The table over a stage with a spawner and two companions."""
    stage.add("spawner", kind=Kind.SPAWNER)
    stage.add("web")
    stage.add("worker:1")
    stage.add("worker:2")
    pools = PoolCommands(NoPools())
    return Commands(stage.supervisor, Outputs("journal", "", NoFiles()), operations, stage.kernel, pools)


def names(reply: dict[str, Any]) -> list[str]:
    """Of the companions in a status."""
    return [companion["name"] for companion in reply["companions"]]


async def test_status_is_of_all_or_of_some(stage: Stage, commands: Commands) -> None:
    """The daemon's own programs are listed apart, unless they are named."""
    everything = await commands.answer(r.Status())
    assert names(everything) == ["web", "worker:1", "worker:2"]
    assert [program["name"] for program in everything["daemon"]["programs"]] == ["spawner"]
    assert everything["daemon"]["pid"] == 7
    assert names(await commands.answer(r.Status("worker"))) == ["worker:1", "worker:2"]
    assert names(await commands.answer(r.Status(("web", "worker:2")))) == ["web", "worker:2"]
    assert names(await commands.answer(r.Status("spawner"))) == ["spawner"]
    with pytest.raises(r.RequestRefused, match=r'^no program matches "s\*"'):
        await commands.answer(r.Status("s*"))


async def test_status_says_everything_of_a_program(stage: Stage, commands: Commands) -> None:
    """Every key is there from the start, and all of it is JSON."""
    (before,) = (await commands.answer(r.Status("web")))["companions"]
    await commands.answer(r.Start("web"))
    (running,) = (await commands.answer(r.Status("web")))["companions"]
    assert before.keys() == running.keys()
    assert (before["state"], before["pid"], before["uptime"], before["last_exit"]) == (
        "STOPPED",
        None,
        None,
        None,
    )
    assert (running["state"], running["pid"], running["uptime"]) == ("RUNNING", 101, 1.0)
    assert (running["wanted"], running["kind"], running["stdout"]) == ("up", "command", "journal")
    assert msgspec.json.decode(msgspec.json.encode(running))["command"] == ["/bin/true"]


async def test_status_explains_the_last_exit(stage: Stage, commands: Commands) -> None:
    """And says when it is tried again."""
    await commands.answer(r.Start("web"))
    stage.kernel.end(101, code=3)
    web = stage.programs.find("web")
    assert web is not None
    await stage.reaches(web, State.BACKOFF)
    (status,) = (await commands.answer(r.Status("web")))["companions"]
    assert (status["last_exit_code"], status["last_exit_signal"], status["exit_count"]) == (3, None, 1)
    assert status["last_exit"]["sentence"] == (
        "exited with status 3 after 1s; cpu 0.25s user 0.50s system, peak memory 1.0M"
    )
    assert status["next_retry_at"] == pytest.approx(status["since"] + 2.0, abs=0.5)
    assert status["started_at"] is None


async def test_a_cause_is_a_word(stage: Stage, commands: Commands) -> None:
    """What is said of an end is JSON too."""
    web = stage.programs.find("web")
    assert web is not None
    web.last_exit = Exit(error="no such file")
    (status,) = (await commands.answer(r.Status("web")))["companions"]
    assert status["last_exit"]["error"] == "no such file"


@pytest.mark.parametrize("request_", [r.Start, r.Stop, r.Restart, r.Reload, r.Wait])
async def test_a_name_that_means_nothing_is_refused(
    commands: Commands, request_: Callable[[str], r.Request]
) -> None:
    """With the nearest one."""
    with pytest.raises(
        RequestRefused, match=r'^no program is called "wob"; did you mean "web"\?$'
    ) as refusal:
        await commands.answer(request_("wob"))
    assert refusal.value.code == "unknown_program"


async def test_commands_steer(stage: Stage, commands: Commands) -> None:
    """Each by its own name."""
    web = stage.programs.find("web")
    assert web is not None
    assert (await commands.answer(r.Start("web")))["message"] == "started"
    assert (await commands.answer(r.Restart("web")))["message"] == "restarted"
    assert (await commands.answer(r.Reload("web")))["ok"]
    assert (await commands.answer(r.Wait("web", "running")))["message"] == "running"
    assert (await commands.answer(r.Signal("web", "KILL")))["ok"]
    assert (await commands.answer(r.Stop("web")))["ok"]
    assert web.life.state is State.STOPPED


async def test_commands_of_the_daemon_go_to_it(commands: Commands, operations: FakeOperations) -> None:
    """`reload` without a name is a reread."""
    for request in (
        r.Reread(),
        r.Reload(),
        r.Reload(wait=False),
        r.Plan(),
        r.Check("/x"),
        r.Scale("web", "+1"),
    ):
        assert await commands.answer(request) == {"ok": True}
    assert await commands.answer(r.Shutdown()) == {"ok": True, "message": "shutting down"}
    assert operations.asked == [
        ("reread",),
        ("reread",),
        ("reread", "unwaited"),
        ("plan",),
        ("check", "/x"),
        ("scale", "web", "+1"),
        ("shut_down",),
    ]


async def test_the_version_says_who_answers(commands: Commands) -> None:
    """And which protocol it speaks."""
    reply = await commands.answer(r.Version())
    assert (reply["ok"], reply["version"], reply["protocol"]) == (True, __version__, 1)


@pytest.mark.parametrize(
    "request_",
    [r.Start("web"), r.Restart("web"), r.Reload("web"), r.Reread(), r.Reload(), r.Scale("web", 2)],
)
async def test_nothing_is_begun_while_shutting_down(
    commands: Commands, operations: FakeOperations, request_: r.Request
) -> None:
    """What would start something is refused."""
    operations.is_stopping = True
    with pytest.raises(RequestRefused, match=r"^the daemon is shutting down$") as refusal:
        await commands.answer(request_)
    assert refusal.value.code == "shutting_down"


async def test_stopping_and_asking_go_on_while_shutting_down(
    commands: Commands, operations: FakeOperations
) -> None:
    """They begin nothing."""
    operations.is_stopping = True
    assert (await commands.answer(r.Stop("web")))["message"] == "already stopped"
    assert (await commands.answer(r.Status()))["ok"]


async def test_every_command_has_an_answer(commands: Commands) -> None:
    """The table is complete: no request falls through it."""
    for request in (
        *(r.Status(), r.Start("web"), r.Stop("web"), r.Restart("web"), r.Reload(), r.Signal("web", "KILL")),
        *(
            r.Wait("web", "ready"),
            r.Scale("web", 1),
            r.Reread(),
            r.Plan(),
            r.Check(),
            r.Shutdown(),
            r.Version(),
        ),
    ):
        assert "ok" in await commands.answer(request)


async def test_events_are_of_those_that_were_named(stage: Stage, commands: Commands) -> None:
    """A name that means nothing is refused here too."""
    with commands.subscribe(r.Events("worker:2")) as subscription:
        await commands.answer(r.Start(("web", "worker:2")))
        assert {line["name"] for line in await subscription.take()} == {"worker:2"}
    with pytest.raises(RequestRefused):
        commands.subscribe(r.Events("wob"))
