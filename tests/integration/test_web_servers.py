"""The web servers of docs/examples/web under the real daemon: started, asked for pages, stopped."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any
from urllib.request import urlopen

import pytest

from supervisord_lite.control.client import Client

pytest.importorskip("gunicorn", reason="gunicorn is not installed: make setup EXTRAS=dev,web-example")
pytest.importorskip("uvicorn", reason="uvicorn is not installed: make setup EXTRAS=dev,web-example")

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "web" / "bookshop.toml"
DEADLINE = 60.0  # seconds; for a loaded machine
MIB = 1 << 20


class Service:
    """The example as it runs: the daemon's process, its control socket, the ports of the servers."""

    def __init__(self, daemon: Popen[bytes], control: Path, ports: dict[str, int]) -> None:
        self.daemon = daemon
        self.control = control
        self.ports = ports

    def ask(self, **command: Any) -> dict[str, Any]:
        """The daemon's reply to one command."""
        with Client.connect(str(self.control)) as client:
            return client.request(command, timeout=DEADLINE)

    def programs(self) -> dict[str, dict[str, Any]]:
        """Every program by its name, the daemon's own included."""
        status = self.ask(cmd="status")
        return {
            program["name"]: program for program in [*status["companions"], *status["daemon"]["programs"]]
        }

    def page(self, server: str) -> dict[str, Any]:
        """What a request answers that goes to this server."""
        with urlopen(f"http://127.0.0.1:{self.ports[server]}/", timeout=DEADLINE) as response:
            found: dict[str, Any] = json.load(response)
        return found


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """The daemon on the example, from the moment it says that it is ready."""
    ports = {"gunicorn": _free_port(), "uvicorn": _free_port()}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        notices.bind(str(tmp_path / "systemd"))
        notices.settimeout(DEADLINE)
        environ = {
            **os.environ,
            "RUNTIME_DIRECTORY": str(tmp_path),
            "NOTIFY_SOCKET": str(tmp_path / "systemd"),
            "GUNICORN_PORT": str(ports["gunicorn"]),
            "UVICORN_PORT": str(ports["uvicorn"]),
        }
        daemon = Popen([sys.executable, "-m", "supervisord_lite.daemon", "-c", str(EXAMPLE)], env=environ)
        try:
            while b"READY=1" not in notices.recv(4096):
                pass
            yield Service(daemon, tmp_path / "control.sock", ports)
        finally:
            daemon.terminate()
            daemon.wait(DEADLINE)


def test_pages_come_from_children_forked_from_the_zygote(service: Service) -> None:
    """Both servers answer from a catalogue that the zygote loaded, in processes that were forked from it."""
    programs = service.programs()
    zygote, gunicorn = programs["zygote"]["pid"], programs["gunicorn"]["pid"]
    uvicorns = {programs[name]["pid"] for name in ("uvicorn:1", "uvicorn:2")}

    by_gunicorn, by_uvicorn = service.page("gunicorn"), service.page("uvicorn")

    assert {programs[name]["generation"] for name in ("background", "gunicorn", "uvicorn:1")} == {1}
    assert by_gunicorn["catalogue_loaded_by"] == by_uvicorn["catalogue_loaded_by"] == zygote
    assert by_gunicorn["parent"] == gunicorn
    assert by_uvicorn["pid"] in uvicorns
    assert by_uvicorn["parent"] == service.daemon.pid


def test_the_catalogue_is_in_memory_once(service: Service) -> None:
    """All processes have the 64 MiB catalogue, and together they pay for little more than one."""
    worker = service.page("gunicorn")["pid"]
    pids = [program["pid"] for name, program in service.programs().items() if name != "spawner"]

    used = [_memory(pid) for pid in (*pids, worker)]

    assert all(resident > 64 * MIB for resident, _ in used)
    assert sum(share for _, share in used) < 2.5 * 64 * MIB


def test_web_and_background_stop_together(service: Service) -> None:
    """After the daemon's SIGTERM neither a server nor a worker of one is left, and nobody listens."""
    worker = service.page("gunicorn")["pid"]
    pids = [worker, *(program["pid"] for program in service.programs().values())]

    service.daemon.terminate()

    assert service.daemon.wait(DEADLINE) == 0
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
    for port in service.ports.values():
        with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
            probe.connect(("127.0.0.1", port))


def test_the_web_starts_after_and_stops_before_the_background(service: Service) -> None:
    """Servers are up only while the background half is: `after` orders their start and their stop."""
    started = {name: program["since"] for name, program in service.programs().items()}

    service.ask(cmd="stop", name="all")

    stopped = {name: program["since"] for name, program in service.programs().items()}
    for server in ("gunicorn", "uvicorn:1", "uvicorn:2"):
        assert started["background"] <= started[server]
        assert stopped[server] <= stopped["background"]


def test_reload_makes_new_workers_under_the_same_companion(service: Service) -> None:
    """reload of gunicorn sends it SIGHUP: its pid stays, and a new worker answers sooner or later."""
    before, old = service.programs()["gunicorn"]["pid"], service.page("gunicorn")["pid"]

    service.ask(cmd="reload", name="gunicorn")

    assert _until_other(service, old)["catalogue_loaded_by"] == service.programs()["zygote"]["pid"]
    assert service.programs()["gunicorn"]["pid"] == before


def _until_other(service: Service, old: int) -> dict[str, Any]:
    """The first page that another worker than `old` answers; the test's own timeout is the deadline."""
    while (page := service.page("gunicorn"))["pid"] == old:
        pass
    return page


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _memory(pid: int) -> tuple[int, int]:
    """Resident bytes of a process, and its proportional share of them (proc_pid_smaps(5))."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines}
    return sizes["Rss"], sizes["Pss"]
