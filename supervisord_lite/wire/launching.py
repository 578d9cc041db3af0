"""What the daemon, its fork servers (spawner and zygotes) and the children they fork say to each other.

A fork server knows one command, `Fork`. The child that comes of it waits on a channel of its own, which the
daemon made and of which the fork server holds no end: there it is told who it is to be (`Setup`) and what to
do, and there it says how far it came. End of file tells it that the daemon is gone.
"""

from msgspec import Struct


class Fork(Struct, tag="fork", frozen=True):
    """Daemon to fork server: fork a child on the channel whose descriptor comes with this message."""

    id: int


class Prepared(Struct, tag="prepared", frozen=True, kw_only=True):
    """Fork server to daemon: everything is imported. `warnings` name what the preload left behind."""

    pid: int
    seconds: float
    warnings: tuple[str, ...] = ()


class PreloadFailed(Struct, tag="preload-failed", frozen=True):
    """Fork server to daemon: the preload could not be imported; it exits."""

    error: str


class Forked(Struct, tag="forked", frozen=True):
    """Fork server to daemon: the child of this id is there, and is the daemon's child already."""

    id: int
    pid: int


class ForkRefused(Struct, tag="fork-refused", frozen=True):
    """Fork server to daemon: the kernel refused, with this errno."""

    id: int
    errno: int


FromServer = Prepared | PreloadFailed | Forked | ForkRefused


class Identity(Struct, frozen=True):
    """Who to be: credentials(7)."""

    uid: int
    gid: int
    groups: tuple[int, ...]


class Exec(Struct, tag="exec", frozen=True):
    """Become this command, looked up on the PATH of its environment."""

    argv: tuple[str, ...]


class Call(Struct, tag="call", frozen=True):
    """Call this "module:callable" without arguments and end when it returns."""

    target: str
    errors_prefixed: bool
    """Whether standard error is the journal, so that a traceback carries <3> on every line."""


class Examine(Struct, tag="examine", frozen=True):
    """Say of each "module:callable" whether it imports and can be called without arguments, and end."""

    targets: tuple[str, ...]


Work = Exec | Call | Examine


class Setup(Struct, tag="setup", frozen=True, kw_only=True):
    """Daemon to child, once it is registered: who to be, then what to do.

    The descriptors that come with it are, in this order: the program's cgroup.procs opened for writing where
    `joins_cgroup`, then what becomes 0, 1, 2 and so on.
    """

    title: str
    daemon: int
    """Process id of the daemon, which has to be the child's parent."""
    env: dict[str, str]
    work: Work
    joins_cgroup: bool = False
    identity: Identity | None = None
    cwd: str | None = None
    umask: int | None = None


class SetUp(Struct, tag="set-up", frozen=True):
    """Child to daemon: it is who it is to be, and begins to work. (A command says it by end of file.)"""


class Failed(Struct, tag="failed", frozen=True):
    """Child to daemon: this is as far as it came; it exits."""

    error: str


class Examined(Struct, tag="examined", frozen=True):
    """Child to daemon: the targets that cannot be called, each with the reason."""

    problems: dict[str, str]


FromChild = SetUp | Failed | Examined
