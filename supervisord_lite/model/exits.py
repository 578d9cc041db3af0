"""How a process ended, explained: one record, one sentence."""

from signal import Signals

from msgspec import Struct

from .durations import spell
from .policy import Policy
from .states import Cause


class Exit(Struct, frozen=True, kw_only=True):
    """The end of one process, or of an attempt to start one.

    Exactly one of `code`, `signal` and `error` is given. CPU times and `uptime` are seconds, `peak_memory`
    is bytes of resident memory (0: not known). `cause` is why the daemon asked it to end, `was_ready`
    whether it had been ready, `ready_key` what bounds the time until then, `killed` whether SIGKILL had to
    follow, and `why` what else explains it.
    """

    code: int | None = None
    signal: int | None = None
    error: str | None = None
    core: bool = False
    pid: int | None = None
    cause: Cause | None = None
    was_ready: bool = False
    ready_key: str = "ready_timeout"
    why: str = ""
    killed: bool = False
    user_cpu: float = 0.0
    system_cpu: float = 0.0
    peak_memory: int = 0
    uptime: float = 0.0

    def succeeded(self, policy: Policy) -> bool:
        """Whether this end counts as success under the policy."""
        return self.code is not None and self.code in policy.success_exit_codes

    def sentence(self) -> str:
        """What happened, without a full stop: "exited with status 1 after 3.2s"."""
        if self.error is not None:
            return f"could not start: {self.error}"
        reasons = [self._why(), self.why if self.cause is not Cause.ABORTED else ""]
        told = "; ".join(filter(None, reasons))
        how = f"{self.how()} ({told})" if told else self.how()
        return f"{how} after {spell(self.uptime)}"

    def cost(self) -> str:
        """What it used: "cpu 0.12s user 0.03s system, peak memory 31.0M"."""
        memory = f", peak memory {self.peak_memory / 2**20:.1f}M" if self.peak_memory else ""
        return f"cpu {self.user_cpu:.2f}s user {self.system_cpu:.2f}s system{memory}"

    def how(self) -> str:
        """How it ended, and nothing else: "exited with status 1", "killed by SIGSEGV, core dumped"."""
        if self.signal is None:
            return f"exited with status {self.code}"
        dumped = ", core dumped" if self.core else ""
        return f"killed by {signal_name(self.signal)}{dumped}"

    def _why(self) -> str:
        match self.cause:
            case None:
                return ""
            case Cause.ABORTED:
                return self.why or str(self.cause)
            case Cause.READY_TIMEOUT:
                why = f"was not ready within {self.ready_key}"
            case Cause.WATCHDOG:
                why = "sent no WATCHDOG=1 within watchdog_sec"
            case Cause.LEAVING:
                why = "announced STOPPING=1 itself"
            case cause:
                why = f"asked to end: {cause}"
        if not self.killed:
            return why
        limit = "reload_timeout" if self.cause in (Cause.RESTART, Cause.REREAD) else "stop_timeout"
        return f"{why}, killed when {limit} had passed"


def signal_name(number: int) -> str:
    """ "SIGTERM" for 15; "signal 99" for what has no name."""
    try:
        return Signals(number).name
    except ValueError:
        if 34 <= number <= 64:
            return f"SIGRTMIN+{number - 34}"
        return f"signal {number}"
