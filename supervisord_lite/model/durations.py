"""Durations as people read them."""


def spell(seconds: float) -> str:
    """A duration in one or two units, as systemd spells it: "0.4s", "12s", "3min 20s", "2h 5min", "4d 1h"."""
    if seconds == float("inf"):
        return "infinity"
    if seconds < 10:
        return f"{seconds:.1f}s".replace(".0s", "s")
    whole = round(seconds)
    for size, unit, small, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size}{unit}" + (f" {rest}{smaller}" if rest else "")
    return f"{whole}s"


def clock(seconds: float) -> str:
    """An uptime as supervisorctl prints it: "0:03:12", "2 days, 3:12:44"."""
    days, rest = divmod(int(seconds), 86400)
    text = f"{rest // 3600}:{rest % 3600 // 60:02}:{rest % 60:02}"
    if days:
        return f"{days} day{'s' if days > 1 else ''}, {text}"
    return text
