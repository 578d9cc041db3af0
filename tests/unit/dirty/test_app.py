"""Apps: what they are asked, how they are named and loaded, and what they may ask while they serve."""

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from supervisord_lite.dirty import DirtyApp, DirtyAppError, DirtyAppNotFoundError, keep_alive, remaining
from supervisord_lite.dirty.app import (
    get_app_workers_attribute,
    load_dirty_app,
    load_dirty_apps,
    parse_dirty_app_spec,
    serving,
)


class Counter(DirtyApp):
    """An app as its users write them."""

    workers = 2
    colour = "red"

    def init(self) -> None:
        self.count = 0

    def add(self, by: int = 1) -> int:
        self.count += by
        return self.count

    def _secret(self) -> None:
        raise AssertionError


class Foreign:
    """An app by its shape alone."""

    def init(self) -> None: ...

    def __call__(self, action: str, *args: Any) -> Any:
        return action, args

    def close(self) -> None: ...


class Fragile(DirtyApp):
    """An app that cannot be made."""

    def __init__(self) -> None:
        raise RuntimeError("no licence")


@pytest.fixture(autouse=True)
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module `shop_apps` with the apps of these tests."""
    made = ModuleType("shop_apps")
    made.__dict__.update(Counter=Counter, Foreign=Foreign, Fragile=Fragile, thing=3, Half=int)
    monkeypatch.setitem(sys.modules, "shop_apps", made)
    return made


def test_actions_are_public_methods() -> None:
    """An app carries out the method of that name, with the arguments of the call."""
    app = load_dirty_app("shop_apps:Counter")
    app.init()
    assert app("add") == 1
    assert app("add", by=4) == 5
    app.close()


@pytest.mark.parametrize("action", ["_secret", "__init__", "nothing", "colour", "count", ""])
def test_what_is_no_action(action: str) -> None:
    """Private methods, attributes and what is not there are refused, with what there is."""
    app = load_dirty_app("shop_apps:Counter")
    app.init()
    with pytest.raises(ValueError, match=r"Unknown action: .*; .*Counter has add\."):
        app(action)


def test_the_defaults_of_an_app() -> None:
    """An app that says nothing is loaded by all workers, has no tables, and may be empty."""
    assert (DirtyApp.workers, [*DirtyApp.stashes]) == (None, [])
    DirtyApp().init()
    DirtyApp().close()


@pytest.mark.parametrize(
    ("spec", "parsed"),
    [
        ("shop:App", ("shop:App", None)),
        ("shop.apps:App:2", ("shop.apps:App", 2)),
    ],
)
def test_naming_an_app(spec: str, parsed: tuple[str, int | None]) -> None:
    """An app is `module:Class`, or `module:Class:N`."""
    assert parse_dirty_app_spec(spec) == parsed


@pytest.mark.parametrize("spec", ["shop", "", "a:b:c:d", "a:b:0", "a:b:-1", "a:b:x", "a:b:", "a:b:²"])
def test_naming_an_app_wrongly(spec: str) -> None:
    """Everything else is refused, with what was given."""
    with pytest.raises(DirtyAppError, match="Invalid") as caught:
        parse_dirty_app_spec(spec)
    assert repr(spec) in str(caught.value)


def test_loading() -> None:
    """Apps are made by their import path; the shape of one is enough, so gunicorn's load as well."""
    apps = load_dirty_apps(["shop_apps:Counter", "shop_apps:Foreign"])
    assert [*apps] == ["shop_apps:Counter", "shop_apps:Foreign"]
    assert isinstance(apps["shop_apps:Counter"], Counter)
    assert apps["shop_apps:Foreign"]("x", 1) == ("x", (1,))
    assert get_app_workers_attribute("shop_apps:Counter") == 2
    assert get_app_workers_attribute("shop_apps:Foreign") is None


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [
        ("no_such_module_here:App", DirtyAppNotFoundError, "No module named 'no_such_module_here'"),
        ("shop_apps:Missing", DirtyAppNotFoundError, "shop_apps has no Missing"),
        ("shop_apps", DirtyAppError, "module:Class"),
        ("shop_apps:thing", DirtyAppError, "is not a class"),
        ("shop_apps:Half", DirtyAppError, "has no method init"),
        ("shop_apps:Fragile", DirtyAppError, "RuntimeError: no licence"),
    ],
)
def test_what_cannot_be_loaded(path: str, kind: type[DirtyAppError], words: str) -> None:
    """An app that is not there, or is none, is an error that says which of it."""
    with pytest.raises(kind, match=words) as caught:
        load_dirty_app(path)
    assert type(caught.value) is kind
    assert path in str(caught.value)
    assert caught.value.app_path == path


class Served:
    """A call as a worker knows it."""

    def __init__(self, deadline: float | None) -> None:
        self.deadline = deadline
        self.kept = 0

    def keep_alive(self) -> None:
        self.kept += 1


def test_outside_of_a_call() -> None:
    """Nothing is kept alive, and nobody waits."""
    keep_alive()
    assert remaining() is None


def test_inside_a_call() -> None:
    """The call that is served is told that it is at work, and knows how long its caller waits."""
    call = Served(time.monotonic() + 60)
    with serving(call):
        keep_alive()
        left = remaining()
    assert call.kept == 1
    assert left is not None
    assert 50 < left <= 60
    assert remaining() is None


@pytest.mark.parametrize(("deadline", "left"), [(None, None), (1.0, 0.0)], ids=["for_ever", "over"])
def test_how_long_a_caller_waits(deadline: float | None, left: float | None) -> None:
    """None where he waits for ever, and never less than nothing."""
    with serving(Served(deadline)):
        assert remaining() == left


def test_calls_in_threads_and_tasks_are_apart() -> None:
    """Each thread and each task serves its own call; what a task hands to a thread is part of its call."""
    calls = [Served(None) for _ in range(4)]

    def in_thread(call: Served, work: Callable[[], None]) -> None:
        with serving(call):
            work()

    threads = [threading.Thread(target=in_thread, args=(call, keep_alive)) for call in calls[:2]]
    for thread in threads:
        thread.start()
        thread.join()

    async def task(call: Served) -> None:
        with serving(call):
            await asyncio.sleep(0)
            await asyncio.to_thread(keep_alive)
            keep_alive()

    async def tasks() -> None:
        await asyncio.gather(*map(task, calls[2:]))

    asyncio.run(tasks())
    assert [call.kept for call in calls] == [1, 1, 2, 2]
