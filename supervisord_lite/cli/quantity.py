"""Times and sizes for columns: two or three digits and a unit, a dash for what is not known."""

from supervisord_lite.model.durations import spell

UNKNOWN = "-"


def brief(seconds: float | None) -> str:
    """A time however short: "45us", "1.2ms", "120ms"; from a second on as systemd spells it."""
    if seconds is None:
        return UNKNOWN
    if seconds >= 0.9995:
        return spell(seconds)
    micro = max(seconds, 0.0) * 1e6
    if micro < 999.5:
        return f"{micro:.0f}us" if micro >= 0.5 else "0s"
    milli = micro / 1e3
    return f"{milli:.1f}ms" if milli < 9.95 else f"{milli:.0f}ms"


def size(count: int | None) -> str:
    """Bytes with the suffix that the configuration takes, base 1024: "512", "44.7M", "1.2G"."""
    if count is None:
        return UNKNOWN
    value = float(count)
    for suffix in ("", "K", "M", "G"):
        if value < 1023.95:
            return f"{value:.1f}{suffix}" if suffix else str(count)
        value /= 1024
    return f"{value:.1f}T"
