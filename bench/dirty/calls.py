"""What clients of a pool see: ours with our client, gunicorn's with its own, and its client on our pool."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from bench import ours as daemon
from bench import process
from bench.dirty.pools import APP, OUR_PACKAGE, ROOT, THEIR_PACKAGE, WORKERS, Pool, gunicorns, ours
from bench.figures import OURS, Figure
from bench.subject import PATIENCE, TooSlow
from supervisord_lite.dirty import DirtyClient, DirtyWorkerError

PEERS = ("gunicorn", "its client, our pool")
SLEEP = 0.01
IDLE = 10_000
Answer = dict[str, Any]


class Seconds(NamedTuple):
    """How long and how often everything is measured."""

    rounds: int
    counting: float
    sleeping: float
    calls: int
    idle: int


class Calls:
    """All figures of the pools."""

    def __init__(self) -> None:
        self.noop = Figure("no-op, one client: p50", "µs", 90.0)
        self.rate = Figure("no-op, eight clients", "1/s", 25_000.0, more=True)
        self.small = Figure("echo of 100 KB: p50", "µs", 200.0)
        self.large = Figure("echo of 10 MB: p50", "ms", 12.0)
        self.dicts = Figure("echo of 1,000 small dicts: p50", "ms", 3.0)
        self.stream = Figure("stream of ints", "chunks/s", 150_000.0, more=True)
        self.sleep = {
            clients: Figure(f"10 ms sleep, {clients} clients, of the limit", "%", 99.0, more=True)
            for clients in (100, 200)
        }
        self.fair = {
            clients: Figure(f"10 ms sleep, {clients} clients: p99 by the fair share", "×", 1.3)
            for clients in (100, 200)
        }
        self.lost = Figure("10 ms sleep: calls lost", "", 0.0)
        self.get = Figure("stash get, in a worker", "µs", 4.0)
        self.put = Figure("stash put, in a worker", "µs", 12.0)
        self.idle = Figure("10,000 idle clients: PSS of the arbiter", "MiB", 100.0)
        self.first = Figure(
            "gunicorn's client: ours by gunicorn, the least of all above", "×", 1.5, more=True
        )
        self.replaced = Figure("kill -9 of a worker until its replacement answers", "ms", 20.0)

    def figures(self) -> Iterator[Figure]:
        """All of them."""
        yield from (self.noop, self.rate, self.small, self.large, self.dicts, self.stream)
        yield from (*self.sleep.values(), *self.fair.values(), self.lost)
        yield from (self.get, self.put, self.first, self.idle, self.replaced)

    def measure(self, directory: Path, how: Seconds) -> None:
        """By turns, round after round; the two pools run at the same time, and one of them is busy."""
        with ours(directory / "ours") as mine, gunicorns(directory / "gunicorn") as theirs:
            sides = (
                (OURS, mine, OUR_PACKAGE),
                (PEERS[0], theirs, THEIR_PACKAGE),
                (PEERS[1], mine, THEIR_PACKAGE),
            )
            for _round in range(how.rounds):
                for side in sides:
                    self._calls(*side, how)
                for side in sides[:2]:
                    self._sleeps(*side, how)
                for side in sides:
                    self._stash(*side)
                self._replace(mine)
            self._hold(mine, how.idle)
            self._compare()

    def _calls(self, name: str, pool: Pool, package: str, how: Seconds) -> None:
        one = [("latency", 0, how.calls)]
        self.noop.add(name, _run(pool, package, one)[0]["p50"])
        self.rate.add(
            name, sum(answer["rate"] for answer in _run(pool, package, [("count", how.counting)] * 8))
        )
        self.small.add(name, _run(pool, package, [("latency", 100_000, how.calls / 10)])[0]["p50"])
        self.large.add(name, _run(pool, package, [("latency", 10_000_000, 10)])[0]["p50"] / 1e3)
        self.dicts.add(name, _run(pool, package, [("latency", -1, how.calls / 50)])[0]["p50"] / 1e3)
        self.stream.add(name, _run(pool, package, [("stream", how.calls * 30)])[0]["rate"])

    def _sleeps(self, name: str, pool: Pool, package: str, how: Seconds) -> None:
        for clients, figure in self.sleep.items():
            work = [("sleepers", clients / 4, how.sleeping, SLEEP)] * 4
            answers = _run(pool, package, work)
            limit = 4 / SLEEP
            figure.add(name, 100 * sum(answer["rate"] for answer in answers) / limit)
            took = sorted(seconds for answer in answers for seconds in answer["took"])
            self.fair[clients].add(name, took[int(len(took) * 0.99)] / (clients / limit))
            self.lost.add(name, sum(answer["lost"] for answer in answers))

    def _stash(self, name: str, pool: Pool, package: str) -> None:
        answer = _run(pool, package, [("stash", 2000)])[0]
        self.get.add(name, answer["get"])
        self.put.add(name, answer["put"])

    def _compare(self) -> None:
        """What gunicorn's client gets from ours, by what it gets from gunicorn; the sleeps have a limit."""
        gained = []
        for figure in (
            self.noop,
            self.rate,
            self.small,
            self.large,
            self.dicts,
            self.stream,
            self.get,
            self.put,
        ):
            theirs, mine = figure.median(PEERS[0]), figure.median(PEERS[1])
            assert theirs
            assert mine
            gained.append(mine / theirs if figure.more else theirs / mine)
            figure.note = f"its client: {gained[-1]:.1f}×"
        self.first.add(OURS, min(gained))

    def _replace(self, pool: Pool) -> None:
        """Keep all workers but one busy, kill that one, and make a call: its replacement answers."""
        client = DirtyClient(pool.path, timeout=PATIENCE)
        before = set(daemon.pids(pool.directory).values())
        answered = -1
        with ThreadPoolExecutor(WORKERS - 1) as others:
            for _other in range(WORKERS - 1):
                others.submit(client.execute, APP, "sleep", 1.0)
            time.sleep(0.2)
            victim = client.execute(APP, "pid")
            began = time.perf_counter()
            os.kill(victim, signal.SIGKILL)
            while answered < 0:
                with contextlib.suppress(DirtyWorkerError):  # where it was quicker than the worker's end
                    answered = client.execute(APP, "pid")
            self.replaced.add(OURS, (time.perf_counter() - began) * 1e3)
        if answered in before:
            raise TooSlow("the worker that was killed is not replaced within a second")
        client.close()

    def _hold(self, pool: Pool, clients: int) -> None:
        """Connect so many clients that say nothing, and weigh the arbiter."""
        with contextlib.ExitStack() as stack:
            for _holder in range(4):
                holder = subprocess.Popen(
                    [sys.executable, "-m", "bench.dirty.hold", pool.path, str(clients // 4)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    cwd=ROOT,
                )
                stack.callback(holder.wait)
                stack.callback(holder.kill)
                assert holder.stdout is not None
                if holder.stdout.readline() != "held\n":
                    raise TooSlow(f"the pool does not hold {clients} clients")
            arbiter = daemon.pids(pool.directory)["dirty:arbiter"]
            self.idle.add(OURS, process.memory(arbiter))


def _run(pool: Pool, package: str, works: Sequence[tuple[Any, ...]]) -> list[Mapping[str, Any]]:
    """A process of clients for each of the works, which begin together; what they answer."""
    loads = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.dirty.load", package, pool.path, *map(str, work)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for work in works
    ]
    try:
        for load in loads:
            assert load.stdout is not None
            if load.stdout.readline() != "ready\n":
                raise TooSlow(f"a client of {pool.name} could not connect; its error is above")
        for load in loads:
            assert load.stdin is not None
            load.stdin.write("\n")
            load.stdin.flush()
        return [json.loads(load.communicate(timeout=10 * PATIENCE)[0]) for load in loads]
    finally:
        for load in loads:
            load.kill()
            load.wait()
