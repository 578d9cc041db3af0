"""A large application: about 100 MiB that are there once it is imported, half of them small objects."""

import os
import signal
import time

TEXTS = [bytes([number % 256]) * 4096 for number in range(14_000)]
RECORDS = [{"number": number, "name": str(number), "tags": [number]} for number in range(110_000)]


def main() -> None:
    """Say when this line was reached, then wait for the end."""
    now = time.monotonic()
    with open(os.environ["BENCH_FIFO"], "w") as fifo:
        fifo.write(f"{now}\n")
    while True:
        signal.pause()
