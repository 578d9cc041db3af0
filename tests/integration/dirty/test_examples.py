"""The examples of docs/examples that have a pool, started as their readers start them."""

import http.client
import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisord_lite.dirty import DirtyClient
from tests.integration.daemon import ROOT, Daemon
from tests.integration.dirty.pool import Pool
from tests.integration.process import DEADLINE

np = pytest.importorskip("numpy", reason="numpy is not installed: make setup EXTRAS=dev,dirty-example")
Image = pytest.importorskip(
    "PIL.Image", reason="Pillow is not installed: make setup EXTRAS=dev,dirty-example"
)
pytest.importorskip("fastapi", reason="fastapi is not installed: make setup EXTRAS=dev,dirty-example")

CHAT = ROOT / "docs" / "examples" / "chat" / "chat.toml"
IMAGES = ROOT / "docs" / "examples" / "images" / "images.toml"
SERVICE = "images.service:Images"
MIB = 1 << 20


class Browser:
    """What a browser does with an EventSource: one GET, and the events as they come."""

    def __init__(self, port: int, path: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
        self.connection.request("GET", path, headers={"Accept": "text/event-stream"})
        self.response = self.connection.getresponse()

    def events(self) -> Iterator[tuple[str, str]]:
        """Each event, its name and its data."""
        name, data = "message", ""
        for line in self.response:
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                data = value
            elif not field:
                yield name, data
                name, data = "message", ""

    def close(self) -> None:
        """Leave, as a closed tab does."""
        self.response.close()
        self.connection.close()


@pytest.fixture
def port() -> int:
    """A port that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
    return found


@pytest.fixture
def chat(daemon: Daemon, port: int) -> Daemon:
    """The chat, from the moment it is ready."""
    daemon.file = CHAT
    daemon.env["CHAT_PORT"] = str(port)
    return daemon.start()


def test_tokens_reach_the_browser_one_by_one(chat: Daemon, port: int) -> None:
    """A FastAPI application streams what a pool generates as server-sent events."""
    answers = []
    for _ in range(2):
        browser = Browser(port, "/chat?prompt=function&tokens=12")
        assert browser.response.headers["content-type"].startswith("text/event-stream")
        events = list(browser.events())
        assert events[-1][0] == "end"
        answers.append([json.loads(data) for name, data in events if name == "message"])
        browser.close()
    assert len(answers[0]) == 12
    assert answers[0] == answers[1]
    assert answers[0][0] == "Function"


def test_a_call_with_a_plain_result(chat: Daemon, port: int) -> None:
    """The web process calls the pool and awaits the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    connection.request("GET", "/knows/function")
    assert json.load(connection.getresponse())["function"] > 10
    connection.close()


def test_a_browser_that_leaves_ends_the_generation(chat: Daemon, port: int) -> None:
    """A closed tab ends a generation of minutes in the worker; the worker takes the next one."""
    pool = Pool(chat)
    browser = Browser(port, "/chat?prompt=class&tokens=100000")
    events = browser.events()
    for _ in range(3):
        next(events)
    assert [call["action"] for call in pool.report()["calls"]] == ["generate"]
    browser.close()
    pool.wait(lambda report: not report["calls"])
    again = Browser(port, "/chat?prompt=class&tokens=5")
    assert len(list(again.events())) == 6
    again.close()
    pool.close()


@pytest.fixture
def images(daemon: Daemon) -> Iterator[Pool]:
    """The image service, from the moment it is ready."""
    daemon.file = IMAGES
    pool = Pool(daemon.start())
    yield pool
    pool.close()


def test_pictures_go_there_and_back(images: Pool) -> None:
    """Bytes to Pillow and back; an array of some megabytes to numpy and a small answer back."""
    picture = np.random.default_rng(3).integers(0, 255, (1200, 1600, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    with DirtyClient(images.path, timeout=DEADLINE) as client:
        thumbnail = Image.open(io.BytesIO(client.execute(SERVICE, "thumbnail", file.getvalue(), longest=64)))
        assert thumbnail.size == (64, 48)
        vector = client.execute(SERVICE, "embed", picture)
        assert (vector.dtype, vector.shape) == (np.float32, (1024,))
        assert abs(float(np.linalg.norm(vector)) - 1) < 1e-5
        best = client.execute(SERVICE, "similar", picture, count=3)
    assert [type(pair) for pair in best] == [tuple] * 3
    assert best[0][1] >= best[1][1] >= best[2][1]


def test_the_catalogue_is_in_memory_once(images: Pool) -> None:
    """Three workers were forked from the zygote that loaded 80 MB; together they pay for it once."""
    with DirtyClient(images.path, timeout=DEADLINE) as client:
        zygote = client.execute(SERVICE, "loaded_by")
    workers = [worker["pid"] for worker in images.report()["workers"]]
    assert len(workers) == 3
    assert zygote not in workers
    resident, share = zip(*map(_memory, [zygote, *workers]), strict=True)
    assert all(size > 80_000_000 for size in resident)
    assert sum(share) < 2.5 * 80_000_000


def _memory(pid: int) -> tuple[int, int]:
    """Resident and proportional memory of a process, in bytes (proc(5), smaps_rollup)."""
    fields = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    )
    return tuple(int(fields[key].split()[0]) * 1024 for key in ("Rss", "Pss"))  # type: ignore[return-value]


def test_the_script_of_the_example(images: Pool, tmp_path: Path) -> None:
    """`python -m images.ask PICTURE` writes the thumbnail and prints what looks like it."""
    Image.fromarray(np.zeros((300, 200, 3), dtype=np.uint8)).save(tmp_path / "black.png")
    done = subprocess.run(
        [sys.executable, "-m", "images.ask", tmp_path / "black.png"],
        cwd=IMAGES.parent,
        env={**os.environ, "SUPERVISOR_DIRTY_SOCKET": images.path},
        capture_output=True,
        text=True,
        check=True,
        timeout=6 * DEADLINE,
    )
    assert len(done.stdout.splitlines()) == 5
    with Image.open(tmp_path / "black.thumbnail.png") as thumbnail:
        assert max(thumbnail.size) == 128
