"""What the daemon tells its fork servers and the children they fork.

Read by interpreters that are to stay small, so that they fork fast: nothing is imported for it but `marshal`
and `struct`. Both sides run the same interpreter, and orders come from the daemon alone, so marshal's lack of
compatibility and of suspicion does no harm. What children say in return is in `wire.reports`.

A fork server knows one order (`FORK`): a number, and whether the child is to be born into a control group. It
comes with the descriptor of a channel, and of the group's directory. The child waits on the channel for its
`Setup`: an unsigned 32-bit big-endian length, and that many bytes. End of file tells it that the daemon is
gone, or has given it up.
"""

import marshal
import struct

FORK = struct.Struct(">Q?")
LENGTH = struct.Struct(">I")

EXEC = "exec"
"""Become the command that the arguments are, looked up on the PATH of its environment."""

CALL = "call"
"""Call the "module:callable" that is the only argument, and end when it returns."""

EXAMINE = "examine"
"""Say of each argument, a "module:callable", whether it can be called without arguments, and end."""


ASK = "ask"
"""Call the "module:callable" that is the first argument with each of the others, say what comes of it, and
end."""


class Setup:
    """Who a child is to be, then what it is to do.

    The descriptors that come with it become 0, 1, 2 and so on. `daemon` is the pid that has to be its parent,
    `identity` a uid, a gid and supplementary groups (None: it is that already), `errors_prefixed` whether its
    standard error is the journal, so that a traceback carries <3> on every line, and `limits` the resource
    limits (name, soft, hard) that it has to set itself. `env` is the whole environment of a command; what is
    called gets its fork server's with this on top, and less the names in `unset`.
    """

    __slots__ = (
        "arguments", "cwd", "daemon", "env", "errors_prefixed", "identity", "limits", "title",
        "umask", "unset", "work",
    )  # fmt: skip

    def __init__(
        self,
        work: str,
        arguments: tuple[str, ...],
        *,
        title: str,
        daemon: int,
        env: dict[str, str],
        identity: tuple[int, int, tuple[int, ...]] | None = None,
        cwd: str | None = None,
        umask: int | None = None,
        errors_prefixed: bool = False,
    ) -> None:
        self.work = work
        self.arguments = arguments
        self.title = title
        self.daemon = daemon
        self.env = env
        self.identity = identity
        self.cwd = cwd
        self.umask = umask
        self.errors_prefixed = errors_prefixed
        self.unset: list[str] = []
        self.limits: list[tuple[str, int, int]] = []

    def encode(self) -> bytes:
        """Its length, and itself."""
        payload = marshal.dumps([getattr(self, name) for name in self.__slots__])
        return LENGTH.pack(len(payload)) + payload

    @classmethod
    def decode(cls, payload: bytes) -> "Setup":
        """The setup that these bytes, less their length, are."""
        setup = cls.__new__(cls)
        for name, value in zip(cls.__slots__, marshal.loads(payload), strict=True):  # noqa: S302 - the daemon's
            setattr(setup, name, value)
        return setup
