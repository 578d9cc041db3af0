"""What `make run` does: start the example in a private directory, show it when ready, stop it with Ctrl-C.

Needs no root and leaves nothing running. It is to the daemon what systemd is: it sets the directories in the
environment, binds a NOTIFY_SOCKET, and believes READY=1 (sd_notify(3)) and nothing else.
"""

import contextlib
import fcntl
import os
import pwd
import selectors
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from enum import Enum, auto
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
CONFIGURATION = ROOT / "etc" / "app-supervisor.toml"
EXAMPLE = CONFIGURATION.parent / "example"
SYSTEM_USER = "app-supervisor"
LONGEST_DIRECTORY = 80  # bytes; the whole path of a unix socket has 107 (unix(7))
READY_WITHIN = 90.0  # seconds, as systemd's TimeoutStartSec=


class Event(Enum):
    """What can happen while the daemon runs."""

    SAID = auto()
    ENDED = auto()
    SIGNAL = auto()
    TIMEOUT = auto()


class Daemon:
    """The daemon, started, and what it says by sd_notify."""

    def __init__(self, directory: Path, wakeup: socket.socket) -> None:
        """Start it, in a session of its own so that Ctrl-C reaches it once, and from here."""
        self.environ = environment(directory)
        self.status = "nothing"
        self.ready = False
        self._wakeup = wakeup
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._notify.bind(self.environ["NOTIFY_SOCKET"])
        command = [str(BIN / "supervisord-lite"), "-c", str(configuration_for_us(directory))]
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command],
            cwd=ROOT,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._pidfd = os.pidfd_open(self.process.pid)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._pidfd, selectors.EVENT_READ, Event.ENDED)
        self._selector.register(self._wakeup, selectors.EVENT_READ, Event.SIGNAL)
        self._selector.register(self._notify, selectors.EVENT_READ, Event.SAID)

    def next_event(self, timeout: float | None = None) -> Event:
        """Wait for the next event, at most `timeout` seconds; what was said comes before an end."""
        happened = {key.data for key, _ in self._selector.select(timeout)}
        if Event.SAID in happened:
            for line in self._notify.recv(65536).decode(errors="replace").splitlines():
                key, _, value = line.partition("=")
                self.status = value if key == "STATUS" else self.status
                self.ready = self.ready or line == "READY=1"
            return Event.SAID
        if Event.SIGNAL in happened:
            self._wakeup.recv(64)
            return Event.SIGNAL
        return Event.ENDED if Event.ENDED in happened else Event.TIMEOUT

    def ending(self) -> str:
        """Return how it ended, as the end of a sentence."""
        code = self.process.wait()
        return f"with status {code}" if code >= 0 else f"by {signal.Signals(-code).name}"


def main() -> int:
    """Run the example until a signal, or until it ends. Return the exit status."""
    with foreground(), signals() as wakeup, private_directory() as directory:
        print(f"Starting supervisord-lite -c {CONFIGURATION.relative_to(ROOT)} in {directory}", flush=True)
        daemon = Daemon(directory, wakeup)
        try:
            event = wait_until_ready(daemon)
            if daemon.ready:
                show(daemon.environ)
                while (event := daemon.next_event()) is Event.SAID:
                    pass
        finally:
            code = stop(daemon)
        if code != 0:
            complain(f"The daemon ended {daemon.ending()}.")
        return 0 if code == 0 and (daemon.ready or event is Event.SIGNAL) else 1


def wait_until_ready(daemon: Daemon) -> Event:
    """Return SAID at READY=1, or what came instead of it."""
    deadline = time.monotonic() + READY_WITHIN
    while (event := daemon.next_event(max(0, deadline - time.monotonic()))) is Event.SAID:
        if daemon.ready:
            return event
    if event is Event.TIMEOUT:
        complain(f"The daemon was not ready after {READY_WITHIN:.0f} s. It last said: {daemon.status}")
    elif event is Event.ENDED:
        complain("The daemon ended before it was ready; the reason is above.")
    return event


def stop(daemon: Daemon) -> int:
    """Ask the daemon to stop if it still runs, again at each signal, and return its exit status."""
    if daemon.process.poll() is None:
        print("\nStopping. Once more to stop at once.", flush=True)
        daemon.process.terminate()
        while (event := daemon.next_event()) is not Event.ENDED:
            if event is Event.SIGNAL:
                daemon.process.terminate()
    return daemon.process.wait()


def show(environ: dict[str, str]) -> None:
    """Print the status table, call the pool, and print what to try next, ready to be copied."""
    supctl = f"{BIN.relative_to(ROOT)}/supctl"
    pool = Path(environ["RUNTIME_DIRECTORY"]) / "dirty.sock"
    subprocess.run([BIN / "supctl", "status"], env=environ, check=False)
    print("\nA call to the pool, a stream from it, and one worker more:", flush=True)
    subprocess.run([BIN / "python", "-m", "shop.ask", pool], cwd=EXAMPLE, env=environ, check=False)
    subprocess.run([BIN / "supctl", "scale", "dirty", "+1"], env=environ, check=False)
    subprocess.run([BIN / "supctl", "status", "dirty"], env=environ, check=False)
    print(
        f"""
Ready. Try in another terminal:
  cd {shlex.quote(str(ROOT))} && export SUPCTL_SOCKET={shlex.quote(environ["SUPCTL_SOCKET"])}
  {supctl} status worker:1
  {supctl} scale worker +1
  {supctl} restart 'worker:*'
  (cd etc/example && ../../.venv/bin/python -m shop.ask {shlex.quote(str(pool))})
  {supctl} scale dirty -1
  {supctl} stash keys asked
  {supctl} events          # and in a third one: kill -9 $({supctl} pid scheduler)
  echo '{{"cmd": "status"}}' | socat - UNIX-CONNECT:$SUPCTL_SOCKET
Change etc/app-supervisor.toml, then {supctl} plan and {supctl} reread.
Ctrl-C here stops everything.
""",
        flush=True,
    )


def environment(directory: Path) -> dict[str, str]:
    """Return the daemon's environment: what systemd would set, in the private directory."""
    return {
        **os.environ,
        "NOTIFY_SOCKET": str(directory / "notify.sock"),
        "RUNTIME_DIRECTORY": str(directory),
        "STATE_DIRECTORY": str(directory / "state"),
        "SUPCTL_SOCKET": str(directory / "control.sock"),
    }


def configuration_for_us(directory: Path) -> Path:
    """Return the example's file; for root on a host with the system user, a copy that keeps programs root.

    That user, root's default for programs, cannot enter the private directory, nor perhaps the checkout.
    """
    if os.getuid() != 0 or SYSTEM_USER not in {entry.pw_name for entry in pwd.getpwall()}:
        return CONFIGURATION
    copy = directory / CONFIGURATION.name
    text = CONFIGURATION.read_text()
    copy.write_text(text.replace("\n[supervisor]\n", '\n[supervisor]\nuser = "root"\n', 1))
    (directory / "example").unlink(missing_ok=True)
    (directory / "example").symlink_to(EXAMPLE)
    return copy


@contextlib.contextmanager
def private_directory() -> Iterator[Path]:
    """Yield `.run` (or $RUN_DIRECTORY), or a temporary one where that is too long or holds no sockets."""
    wanted = Path(os.environ.get("RUN_DIRECTORY") or ROOT / ".run").absolute()
    directory = wanted
    if len(os.fsencode(directory)) > LONGEST_DIRECTORY or not holds_sockets(directory):
        directory = Path(tempfile.mkdtemp(prefix="supervisord-lite."))
    (directory / "state").mkdir(exist_ok=True)
    with open(directory / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"make run is running here already; its control socket: {directory}/control.sock")
        (directory / "notify.sock").unlink(missing_ok=True)
        yield directory
    if directory != wanted:
        shutil.rmtree(directory, ignore_errors=True)


def holds_sockets(directory: Path) -> bool:
    """Return whether the directory is there, or can be made, for us alone, and can hold a unix socket."""
    probe = directory / f"probe.{os.getpid()}"
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        directory.chmod(0o700)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as trial:
            trial.bind(str(probe))
        probe.unlink()
    except OSError:  # a file system without sockets, or one that we may not write
        return False
    return True


@contextlib.contextmanager
def foreground() -> Iterator[None]:
    """On a terminal, take Ctrl-C away from make, which would call an orderly stop an error.

    As a shell does for a job: a process group of its own, in the foreground (tcsetpgrp(3)).
    """
    before = os.getpgrp()
    if foreground_group() != before or os.getpid() == before:  # no terminal, in the background, or no make
        yield
        return
    os.setpgid(0, 0)
    signal.signal(signal.SIGTSTP, lambda *_: None)  # Ctrl-Z would stop this and leave make waiting for ever
    give_terminal_to(os.getpgrp())
    try:
        yield
    finally:
        give_terminal_to(before)


def foreground_group() -> int | None:
    """Return the process group in the foreground of the terminal on stdin, None without one."""
    try:
        return os.tcgetpgrp(0)
    except OSError:
        return None


def give_terminal_to(group: int) -> None:
    """Put a process group into the terminal's foreground; SIGTTOU, which that earns, is blocked meanwhile."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    os.tcsetpgrp(0, group)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTTOU})


@contextlib.contextmanager
def signals() -> Iterator[socket.socket]:
    """Yield a socket that is readable after SIGINT, SIGTERM or SIGHUP (a closed terminal)."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.fileno())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    yield reader


def complain(sentence: str) -> None:
    """Say what went wrong."""
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
