"""Importing the application before the first fork, each time in a process of its own."""

import gc
from pathlib import Path

import pytest

from supervisord_lite.zygote import preload
from supervisord_lite.zygote.naming import resolve
from supervisord_lite.zygote.preload import PreloadError
from tests.fakes.forked import in_a_fork


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A directory for the modules of an application."""
    return tmp_path


def prepared(directory: Path, *entries: str) -> str:
    """The report of a zygote that imports these from there, or why it cannot."""

    def scenario() -> str:
        try:
            return preload.prepare(["zygote", "--path", str(directory), *entries]).decode()
        except PreloadError as error:
            return str(error)

    return in_a_fork(scenario)


def test_modules_are_imported_in_their_order(shop: Path) -> None:
    """And a callable is called."""
    (shop / "first_of_shop.py").write_text("seen = []\ndef warm():\n    seen.append('warm')\n")
    (shop / "second_of_shop.py").write_text("import first_of_shop\nassert first_of_shop.seen == ['warm']\n")
    assert prepared(shop, "first_of_shop:warm", "second_of_shop").startswith('{"type":"prepared"')


def test_nothing_to_import_is_fine(shop: Path) -> None:
    """A zygote without a preload forks a bare interpreter."""
    assert '"warnings"' not in prepared(shop)


@pytest.mark.parametrize(
    ("text", "entry", "error"),
    [
        (
            "",
            "no_such_shop",
            "preload of no_such_shop failed: ModuleNotFoundError: No module named 'no_such_shop'",
        ),
        ("1 / 0\n", "bad_shop", "preload of bad_shop failed: ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)\n", "bad_shop", "preload of bad_shop failed: SystemExit: 3"),
        ("x = 5\n", "bad_shop:x", "preload of bad_shop:x failed: TypeError: bad_shop:x is not callable"),
        (
            "",
            "bad_shop:warm",
            "preload of bad_shop:warm failed: AttributeError: module 'bad_shop' has no attribute 'warm'",
        ),
    ],
)
def test_what_cannot_be_imported_is_named(shop: Path, text: str, entry: str, error: str) -> None:
    """With what it raised."""
    (shop / "bad_shop.py").write_text(text)
    assert prepared(shop, entry) == error


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n",
            "1 thread(s), which forked programs will not have",
        ),
        ("import socket\nkept = socket.socket()\n", "1 open socket(s), which all forked programs will share"),
        ("import select\nkept = select.epoll()\n", "an event loop, which forked programs must not use"),
    ],
)
def test_what_a_module_leaves_behind_is_a_warning(shop: Path, text: str, warning: str) -> None:
    """With the module's name, because others may be fine."""
    (shop / "good_shop.py").write_text("")
    (shop / "odd_shop.py").write_text(text)
    report = prepared(shop, "good_shop", "odd_shop")
    assert f"preload of odd_shop leaves behind {warning}" in report
    assert "good_shop" not in report


def test_the_heap_is_frozen(shop: Path) -> None:
    """So that a collection in a child copies no page of it."""

    def scenario() -> bool:
        preload.preload(())
        return gc.get_freeze_count() > 0 and gc.isenabled()

    assert in_a_fork(scenario) == "True"


@pytest.mark.parametrize("target", ["os:getpid", "os:path.join", "collections:OrderedDict.fromkeys"])
def test_a_target_is_an_attribute_of_a_module(target: str) -> None:
    """At any depth."""
    assert callable(resolve(target))


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("no_such_module:run", ModuleNotFoundError),
        ("os:no_such", AttributeError),
        ("os:sep", TypeError),
        ("os", AttributeError),
        (":run", ValueError),
    ],
)
def test_what_is_no_target_is_an_error(target: str, error: type[Exception]) -> None:
    """Of the import, or of the look-up."""
    with pytest.raises(error):
        resolve(target)
