"""reread and plan, on a file with commands and a stage to run them."""

import asyncio

import pytest

from supervisord_lite.control.requests import RequestRefused
from supervisord_lite.model.events import Start, Stop
from supervisord_lite.model.states import State

from .site import Site, started


async def test_a_start_brings_everything_up(site: Site) -> None:
    """But what is not to start by itself."""
    site.write(web="", idle="autostart = false")
    await started(site)
    assert (site.state("web"), site.state("idle")) == ("RUNNING", "STOPPED")
    site.close()


async def test_a_reread_of_the_same_changes_nothing(site: Site) -> None:
    """And says so."""
    operations = await started(site)
    assert await operations.reread() == {
        "ok": True,
        "added": [],
        "removed": [],
        "restarted": [],
        "updated": [],
        "unchanged": ["web", "worker:1", "worker:2"],
        "warnings": [],
    }
    assert site.stage.kernel.sent == []
    site.close()


async def test_a_reread_touches_only_what_changed(site: Site) -> None:
    """Added, removed, replaced and updated in place; the others keep their process."""
    site.write(web="", gone="", other="", policy="")
    operations = await started(site)
    pids = {program.name: program.pid for program in site.stage.programs}
    site.write(web="env = {A = '1'}", other="", policy="restart_delay = 9", new="")
    reply = await operations.reread()
    assert {key: reply[key] for key in ("added", "removed", "restarted", "updated", "unchanged")} == {
        "added": ["new"],
        "removed": ["gone"],
        "restarted": ["web"],
        "updated": ["policy"],
        "unchanged": ["other"],
    }
    await site.stage.pass_time(10)
    now = {program.name: program.pid for program in site.stage.programs}
    assert now.keys() == {"spawner", "web", "other", "policy", "new"}
    assert (now["other"], now["policy"]) == (pids["other"], pids["policy"])
    assert now["web"] != pids["web"]
    policy = site.stage.programs.find("policy")
    assert policy is not None
    assert policy.definition.policy.restart_delay == 9.0
    site.close()


async def test_a_broken_file_changes_nothing(site: Site) -> None:
    """The refusal names the first problem, and all of them."""
    operations = await started(site)
    site.file.write_text("[companions.web]\ncomand = '/bin/true'\n")
    reply = await operations.reread()
    assert (reply["ok"], reply["code"], reply["kept_old_config"]) == (False, "config", True)
    assert reply["problems"][0]["file"] == str(site.file)
    assert site.state("web") == "RUNNING"
    assert (await operations.plan())["code"] == "config"
    assert "worker:1" in operations.configuration.programs
    site.close()


async def test_what_was_stopped_by_hand_stays_stopped(site: Site) -> None:
    """It takes the new definition with its next start."""
    operations = await started(site)
    web = site.stage.programs.find("web")
    assert web is not None
    site.stage.feed(web, Stop())
    await site.stage.reaches(web, State.STOPPED)
    site.write(web="env = {A = '1'}", worker="instances = 2")
    assert (await operations.reread())["updated"] == ["web"]
    await site.stage.pass_time(10)
    assert web.life.state is State.STOPPED
    assert web.definition.launch.env == {"A": "1"}
    site.stage.feed(web, Start())
    await site.stage.reaches(web, State.RUNNING)
    site.close()


async def test_what_was_removed_and_is_back_at_once_starts_again(site: Site) -> None:
    """It is stopped first, and not forgotten."""
    operations = await started(site)
    site.write(worker="instances = 2")
    await operations.reread()
    site.write(web="", worker="instances = 2")
    assert (await operations.reread())["added"] == ["web"]
    await site.stage.pass_time(10)
    assert site.state("web") == "RUNNING"
    site.close()


async def test_a_plan_says_why_and_does_nothing(site: Site) -> None:
    """Key by key."""
    operations = await started(site)
    site.write(web="env = {A = '1'}", mail="")
    rows = {row["name"]: (row["action"], row["why"]) for row in (await operations.plan())["changes"]}
    assert rows["web"] == ("restarted", ("env.A",))
    assert rows["mail"] == ("added", ("newly configured",))
    assert rows["worker:1"] == ("removed", ("no longer configured",))
    assert rows["spawner"] == ("unchanged", ())
    await site.stage.pass_time(10)
    assert site.state("mail") is None
    site.close()


async def test_what_only_a_restart_changes_is_a_warning(site: Site) -> None:
    """The daemon goes on with the old value."""
    operations = await started(site)
    site.file.write_text("[supervisor]\nlog_level = 'debug'\n" + site.file.read_text())
    assert (await operations.reread())["warnings"] == [
        "supervisor.log_level changed: it takes effect when the daemon is restarted"
    ]
    site.close()


async def test_nothing_comes_into_force_while_shutting_down(site: Site) -> None:
    """A reread that was asked for before is refused when it is done trying."""
    operations = await started(site)
    site.write(web="", new="")
    operations.is_stopping = True
    with pytest.raises(RequestRefused, match=r"^the daemon is shutting down$"):
        await operations.reread()
    with pytest.raises(RequestRefused, match=r"^the daemon is shutting down$"):
        await operations.scale("worker", 3)
    assert site.state("new") is None
    site.close()


async def test_without_a_spawner_nothing_can_be_tried(site: Site) -> None:
    """It is back in a moment."""
    operations = await started(site)
    spawner = site.stage.programs.find("spawner")
    assert spawner is not None
    spawner.serves = None
    with pytest.raises(RequestRefused, match=r"^the spawner is not running") as refusal:
        await operations.reread()
    assert refusal.value.code == "busy"
    assert not site.daemon.is_reloading
    site.close()


async def test_the_daemon_is_described(site: Site) -> None:
    """With what it says of itself."""
    operations = await started(site)
    found = operations.describe()
    assert (found["state"], found["config"]) == ("running", str(site.file))
    operations.shut_down()
    assert site.daemon.is_asked_to_end
    await asyncio.wait_for(operations.check(None), 1.0)
    site.close()
