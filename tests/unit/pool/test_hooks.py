"""Hooks in a process of their own, and what apps say about themselves."""

import json
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from supervisord_lite.dirty import DirtyApp
from supervisord_lite.pool import hooks
from supervisord_lite.pool.apps import describe
from supervisord_lite.wire.hook_orders import HOOK_ORDER, Hook


@pytest.fixture
def module() -> Iterator[types.ModuleType]:
    """A module of the operator's."""
    made = types.ModuleType("operators_module")
    sys.modules["operators_module"] = made
    yield made
    del sys.modules["operators_module"]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Runs a hook as the daemon orders it."""

    def order(hook: str, worker: dict[str, Any] | None = None) -> None:
        arbiter = {"name": "dirty", "pid": 7, "num_workers": 2, "apps": ["m:A"]}
        asked = {"module": "operators_module", "hook": hook, "arbiter": arbiter, "worker": worker}
        monkeypatch.setenv(HOOK_ORDER, json.dumps(asked))
        hooks.run_hook()

    return order


def test_hook_is_called_with_what_it_is_about(module: types.ModuleType, run: Callable[..., None]) -> None:
    """The arbiter alone, or arbiter and worker."""
    called: list[tuple[Any, ...]] = []
    module.on_dirty_starting = module.dirty_worker_exit = lambda *views: called.append(views)
    run(Hook.STARTING)
    run(Hook.WORKER_EXIT, {"name": "dirty:1", "pid": 8, "age": 1, "app_paths": ["m:A"], "exit": "SIGKILL"})
    (arbiter,), (_, worker) = called
    assert (arbiter.name, arbiter.pid, arbiter.num_workers, arbiter.apps) == ("dirty", 7, 2, ("m:A",))
    assert (worker.name, worker.pid, worker.age, worker.app_paths, worker.exit) == (
        "dirty:1",
        8,
        1,
        ("m:A",),
        "SIGKILL",
    )


def test_missing_hook_is_none(module: types.ModuleType, run: Callable[..., None]) -> None:
    """A module has those that it needs."""
    run(Hook.STARTING)


def test_failing_hook_is_reported(
    module: types.ModuleType, run: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """With traceback and exit status."""

    def fail(arbiter: object) -> None:
        raise RuntimeError("of the hook")

    module.on_dirty_starting = fail
    with pytest.raises(SystemExit) as caught:
        run(Hook.STARTING)
    assert caught.value.code == 1
    assert "RuntimeError: of the hook" in capsys.readouterr().err


class Limited(DirtyApp):
    """Says how many workers load it."""

    workers = 2
    stashes = ("sessions",)

    def __init__(self) -> None:
        raise AssertionError("nobody makes one")


class Wrong(DirtyApp):
    """Does not know what a list is."""

    stashes = "sessions"


def test_class_attributes_are_described(module: types.ModuleType) -> None:
    """Without making an instance; of any class."""
    module.Limited, module.Other, module.Wrong = Limited, type("Other", (), {}), Wrong
    assert describe("operators_module:Limited") == {"workers": 2, "stashes": ["sessions"]}
    assert describe("operators_module:Other") == {"workers": None, "stashes": []}
    with pytest.raises(TypeError, match="stashes"):
        describe("operators_module:Wrong")
