"""The machine that is measured on, in one line."""

import os
import platform
from pathlib import Path


def describe() -> str:
    """Processor, memory, kernel, interpreter, and what else it has to do now."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    return (
        f"{len(os.sched_getaffinity(0))} cores of {_processor()}, {memory:.0f} GiB, "
        f"Linux {platform.release()}, Python {platform.python_version()}, load {load}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
