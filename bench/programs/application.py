"""A realistic application: Django with its usual parts, and numpy, imported and set up."""

import gc
import os
import signal
import sys
import time

import django
import numpy as np
from django.conf import settings

settings.configure(
    SECRET_KEY="bench",
    INSTALLED_APPS=[
        f"django.contrib.{name}"
        for name in ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    USE_TZ=True,
)
django.setup()

import django.contrib.admin.sites  # noqa: E402 - needs the set-up
import django.core.handlers.wsgi  # noqa: E402
import django.forms  # noqa: E402
import django.template.loader  # noqa: E402
import django.test.client  # noqa: E402

TABLE = np.ones((512, 1024))


def main() -> None:
    """Say when this line was reached, then run a full collection at each SIGUSR1, and say so."""
    now = time.monotonic()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    assert TABLE.sum() > 0
    say(now)
    while True:
        signal.sigwait({signal.SIGUSR1})
        gc.collect()
        say(time.monotonic())


def say(now: float) -> None:
    """Tell the measurement a moment."""
    with open(os.environ["BENCH_FIFO"], "w") as fifo:
        fifo.write(f"{now}\n")


def floor(count: int) -> None:
    """Fork so many children as cheaply as can be: what copy-on-write costs at least.

    Prints how many milliseconds each fork took; ends its children at end of file of its standard input.
    """
    gc.collect()
    gc.freeze()
    children, times = [], []
    for _ in range(count):
        began = time.perf_counter()
        pid = os.fork()
        if pid == 0:
            main()
        times.append((time.perf_counter() - began) * 1e3)
        children.append(pid)
    print(*times, flush=True)
    sys.stdin.read()
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
