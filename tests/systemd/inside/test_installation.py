"""`make install` and `make uninstall` on a host with systemd."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

PREFIX = Path("/opt/app-supervisor")
CONFIGURATION = Path("/etc/app-supervisor/app-supervisor.toml")
DOCS = Path(__file__).parents[3] / "docs" / "install.md"
PLACES = ("/etc", "/opt", "/usr", "/var/lib", "/var/log")
Make = Callable[..., str]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command and return its status and output."""
    return subprocess.run(command, capture_output=True, text=True, check=False)


def paths_of_the_host() -> set[str]:
    """Return every path below PLACES, without what systemd itself writes meanwhile."""
    found = set()
    for top in PLACES:
        for directory, subdirectories, names in os.walk(top):
            subdirectories[:] = [name for name in subdirectories if name not in ("journal", "systemd")]
            found.update(f"{directory}/{name}" for name in [*subdirectories, *names])
    return found


@pytest.mark.usefixtures("installed")
def test_unit_verifies_silently() -> None:
    """systemd-analyze verify has nothing to say about the unit."""
    verdict = run("systemd-analyze", "verify", "app-supervisor.service")
    assert (verdict.returncode, verdict.stdout, verdict.stderr) == (0, "", "")


@pytest.mark.usefixtures("installed")
def test_security_figure_is_that_of_the_docs() -> None:
    """docs/install.md gives the exposure that systemd-analyze security computes for the unit."""
    verdict = run("systemd-analyze", "security", "--no-pager", "app-supervisor.service").stdout
    figure = verdict.rpartition("app-supervisor.service: ")[2].split()[0]
    assert f"`systemd-analyze security app-supervisor` says {figure} " in DOCS.read_text()


@pytest.mark.usefixtures("installed")
def test_unit_is_known_to_systemd_and_off() -> None:
    """systemd knows the unit after make install, and nothing is enabled or started unasked."""
    assert run("systemctl", "is-enabled", "app-supervisor").stdout == "disabled\n"
    assert run("systemctl", "is-active", "app-supervisor").stdout == "inactive\n"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("command", ["supervisord-lite", "supctl"])
def test_commands_are_on_the_path(command: str) -> None:
    """Both commands run from the default path and say their version."""
    answer = run("env", "-i", f"PATH={os.defpath}:/usr/local/bin", command, "--version")
    assert answer.returncode == 0, answer.stderr
    assert "0.1" in answer.stdout


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    "page", ["supctl.1", "app-supervisor.toml.5", "supervisord-lite.8"], ids=lambda page: str(page)
)
def test_man_pages_are_where_man_looks(page: str) -> None:
    """Every man page is in its section below /usr/local/share/man."""
    assert Path(f"/usr/local/share/man/man{page[-1]}/{page}").stat().st_size > 0


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    "script",
    [
        "/usr/local/share/bash-completion/completions/supctl",
        "/usr/local/share/zsh/site-functions/_supctl",
        "/etc/fish/completions/supctl.fish",
    ],
)
def test_completion_is_where_the_shells_look(script: str) -> None:
    """bash, zsh and fish each find their completion of supctl."""
    assert Path(script).stat().st_size > 0


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("directory", ["/var/lib/app-supervisor", "/var/log/app-supervisor"])
def test_directories_belong_to_the_programs_group(directory: str) -> None:
    """The system user exists, and state and logs may be written by its group and by nobody else."""
    path = Path(directory)
    assert (path.owner(), path.group(), path.stat().st_mode & 0o7777) == ("root", "app-supervisor", 0o2770)


@pytest.mark.usefixtures("installed")
def test_installing_again_keeps_an_edited_configuration(make: Make) -> None:
    """A second make install says that it keeps the edited file, and keeps it."""
    shipped = CONFIGURATION.read_text()
    CONFIGURATION.write_text(shipped + "# edited\n")
    assert f"Kept your {CONFIGURATION}" in make("install")
    assert CONFIGURATION.read_text() == shipped + "# edited\n"
    CONFIGURATION.write_text(shipped)


@pytest.mark.usefixtures("installed")
def test_uninstalling_keeps_an_edited_configuration(make: Make) -> None:
    """make uninstall takes the programs away and leaves the configuration that somebody edited."""
    CONFIGURATION.write_text(CONFIGURATION.read_text() + "# edited\n")
    assert "Kept /etc/app-supervisor " in make("uninstall")
    assert not PREFIX.exists()
    assert CONFIGURATION.read_text().endswith("# edited\n")
    make("uninstall", "PURGE=1")


def test_uninstalling_leaves_nothing(make: Make) -> None:
    """After make uninstall PURGE=1 the host has the files, the user and the units that it had before."""
    make("uninstall", "PURGE=1")
    before = paths_of_the_host()
    make("install")
    assert paths_of_the_host() - before
    make("uninstall", "PURGE=1")
    assert paths_of_the_host() - before == set()
    assert run("getent", "passwd", "app-supervisor").stdout == ""
    assert run("getent", "group", "app-supervisor").stdout == ""
    assert "could not be found" in run("systemctl", "status", "app-supervisor").stderr


def test_destdir_receives_everything(make: Make, tmp_path: Path) -> None:
    """With DESTDIR the host stays as it is, and nothing in the tree names the directory it was built in."""
    make("uninstall", "PURGE=1")
    before = paths_of_the_host()
    make("install", f"DESTDIR={tmp_path}")
    assert paths_of_the_host() - before == set()
    assert run("grep", "-rIl", str(tmp_path), str(tmp_path)).stdout == ""
    assert (tmp_path / "usr/local/bin/supctl").readlink() == PREFIX / "bin/supctl"
    make("uninstall", f"DESTDIR={tmp_path}", "PURGE=1")
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == []
