"""A process of clients: `python -m bench.dirty.load PACKAGE PATH WHAT ARGUMENTS…`; its last line is JSON.

It says "ready" when it is connected, and begins when it reads a line, so that several begin together.
"""

import importlib
import json
import statistics
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from bench.dirty.pools import APP
from bench.subject import PATIENCE

LEAD = 1.0
"""Seconds in which so many threads get under way; nothing counts before."""

Answer = dict[str, Any]


def main() -> None:
    """Connect, wait for the word, measure, print."""
    package, path, what, *arguments = sys.argv[1:]
    module = importlib.import_module(package)

    def connect() -> Any:
        client = module.DirtyClient(path)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                client.connect()
                return client
            except module.DirtyConnectionError:  # many come at once: gunicorn's backlog is full
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)

    work = {"latency": latency, "count": count, "sleepers": sleepers, "stream": stream, "stash": stash}[what]
    measure = work(connect, package, *map(float, arguments))
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(measure()), flush=True)


def latency(connect: Callable[[], Any], _: str, size: float, calls: float) -> Callable[[], Answer]:
    """Microseconds of single calls: size 0 a no-op, -1 a thousand small dicts, else an echo of bytes."""
    client = connect()
    arguments: tuple[Any, ...] = ("noop",)
    if size:
        dicts = [{"id": n, "name": f"item {n}", "price": n / 3} for n in range(1000)]
        arguments = ("echo", dicts if size < 0 else bytes(int(size)))
    for _warm in range(max(3, int(calls) // 10)):
        client.execute(APP, *arguments)

    def measure() -> Answer:
        took = []
        for _call in range(int(calls)):
            began = time.perf_counter()
            client.execute(APP, *arguments)
            took.append((time.perf_counter() - began) * 1e6)
        return {
            "p50": statistics.median(took),
            "p99": sorted(took)[int(len(took) * 0.99)],
            "rate": 1e6 * len(took) / sum(took),
        }

    return measure


def count(connect: Callable[[], Any], _: str, seconds: float) -> Callable[[], Answer]:
    """How many no-op calls one client makes in so many seconds."""
    client = connect()
    client.execute(APP, "noop")

    def measure() -> Answer:
        calls, began = 0, time.perf_counter()
        end = began + seconds
        while time.perf_counter() < end:
            client.execute(APP, "noop")
            calls += 1
        return {"rate": calls / (time.perf_counter() - began)}

    return measure


def sleepers(
    connect: Callable[[], Any], _: str, clients: float, seconds: float, sleep: float
) -> Callable[[], Answer]:
    """So many clients, a thread each, that call a sleep again and again: calls a second, waits, losses.

    Counted are answers between the time when all have begun and the time when the first stops.
    """
    each = [connect() for _client in range(int(clients))]

    def measure() -> Answer:
        took: list[float] = []
        lost: list[str] = []
        begin = time.perf_counter() + LEAD
        end = begin + seconds

        def run(client: Any) -> None:
            while (start := time.perf_counter()) < end:
                try:
                    client.execute(APP, "sleep", sleep)
                except Exception as error:  # noqa: BLE001 - whatever it is, the call was lost
                    lost.append(repr(error))
                    continue
                if begin <= (now := time.perf_counter()) < end:
                    took.append(now - start)

        threads = [threading.Thread(target=run, args=(client,)) for client in each]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {"rate": len(took) / seconds, "lost": len(lost), "took": took}

    return measure


def stream(connect: Callable[[], Any], _: str, chunks: float) -> Callable[[], Answer]:
    """Chunks a second of one stream."""
    client = connect()
    list(client.stream(APP, "ints", 1000))

    def measure() -> Answer:
        began = time.perf_counter()
        received = sum(1 for _chunk in client.stream(APP, "ints", int(chunks)))
        assert received == int(chunks), received
        return {"rate": received / (time.perf_counter() - began)}

    return measure


def stash(connect: Callable[[], Any], package: str, calls: float) -> Callable[[], Answer]:
    """Microseconds of a get and of a put, from inside a worker."""
    client = connect()

    def measure() -> Answer:
        get, put = client.execute(APP, "stash", package, int(calls))
        return {"get": get, "put": put}

    return measure


if __name__ == "__main__":
    main()
