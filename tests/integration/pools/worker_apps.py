"""Apps of the tests of workers. What they have to tell they write into the pipe of `$NEWS`, line by line."""

import asyncio
import os
import signal
import sys
import threading
import time

from supervisord_lite.dirty import DirtyApp
from supervisord_lite.dirty.app import keep_alive, remaining


def tell(news):
    """Write a line for the test."""
    with open(os.environ["NEWS"], "w") as file:
        file.write(f"{news}\n")


class Plain(DirtyApp):
    """Sync actions."""

    def init(self):
        self.count = 0
        self.released = threading.Event()

    def noop(self):
        return None

    def echo(self, *args, **kwargs):
        return [list(args), kwargs]

    def same(self, value):
        return value

    def makes(self, size):
        return bytes(size)

    def raises(self):
        raise KeyError("nothing")

    def exits(self):
        sys.exit("wants out")

    def interrupts(self):
        raise KeyboardInterrupt

    def unspeakable(self):
        class Unspeakable(Exception):
            def __str__(self):
                raise RuntimeError

        raise Unspeakable

    def cannot_travel(self):
        return {"rows": [1, threading.Lock()]}

    def where(self):
        return threading.current_thread() is threading.main_thread()

    def prints(self):
        print("printed by the app")

    def sleeps(self, seconds):
        tell("sleeps")
        time.sleep(seconds)

    def works(self, turns):
        try:
            return sum(len(str(n)) for n in range(turns))
        finally:
            self.count += 1

    def spins(self):
        tell("spins")
        while True:
            pass

    def swallows(self):
        tell("swallows")
        try:
            while True:
                pass
        except BaseException:  # noqa: BLE001 - as thoughtless code does
            return "swallowed"

    def waits(self):
        tell("waits")
        self.released.wait()
        return "released"

    def releases(self):
        self.released.set()

    def alive(self):
        keep_alive()
        tell("kept")

    def left(self):
        return remaining()

    def forks(self):
        pid = os.fork()
        if pid == 0:
            return "from the copy"
        os.waitpid(pid, 0)
        return "from the worker"

    def forks_and_exits(self):
        pid = os.fork()
        if pid == 0:
            sys.exit(7)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def forks_and_ends_it(self):
        pid = os.fork()
        if pid == 0:
            while True:
                signal.pause()
        os.kill(pid, signal.SIGTERM)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def starts_thread(self):
        threading.Thread(target=lambda: (time.sleep(0.2), tell("thread done")), name="left-behind").start()

    def close(self):
        tell("closed")


class Streams(DirtyApp):
    """Sync generators."""

    def count(self, n):
        yield from range(n)

    def dicts(self, n):
        for i in range(n):
            yield {"token": i}

    def one_then_waits(self):
        yield "first"
        tell("waits")
        try:
            threading.Event().wait()
        finally:
            tell("ended")

    def two_then_waits(self):
        yield 1
        yield 2
        tell("waits")
        threading.Event().wait()

    def steps(self):
        try:
            n = 0
            while True:
                n += 1
                yield n
                time.sleep(0.001)
        except GeneratorExit:
            tell("closed at a chunk")
            raise

    def endless(self):
        try:
            while True:
                yield "x" * 10000
        finally:
            tell("ended")

    def same_list(self):
        rows = [0]
        for n in range(5):
            rows[0] = n
            yield rows

    def mixed(self):
        yield from (1, "two", [3], b"4", {"five": 5}, 6.0, None)

    def fails(self):
        yield 1
        raise ValueError("half way")

    def cannot_travel(self):
        yield 1
        yield threading.Lock()

    def large(self, size):
        yield 1
        yield bytes(size)
        yield 2

    def iterator(self):
        return iter([1, 2, 3])


class Async(DirtyApp):
    """Everything async."""

    async def init(self):
        self.loop = asyncio.get_running_loop()

    async def same(self, value):
        assert asyncio.get_running_loop() is self.loop
        await asyncio.sleep(0)
        return value

    async def sleeps(self):
        tell("sleeps")
        try:
            await asyncio.sleep(3600)
        finally:
            tell("cancelled")

    async def exits(self):
        sys.exit(3)

    async def raises(self):
        raise KeyError("nothing")

    async def alive(self):
        keep_alive()
        tell("kept")

    async def count(self, n):
        for i in range(n):
            yield i

    async def steps(self):
        try:
            n = 0
            while True:
                n += 1
                yield n
                await asyncio.sleep(0.001)
        finally:
            await asyncio.sleep(0)
            tell("closed")

    async def endless(self):
        try:
            while True:
                yield "x" * 10000
        finally:
            tell("ended")

    async def fails(self):
        yield 1
        raise ValueError("half way")

    async def gives_generator(self):
        return (i for i in range(3))

    async def close(self):
        tell("closed async")


class InitRaises(DirtyApp):
    """Cannot be served."""

    def init(self):
        threading.Thread(target=threading.Event().wait).start()
        raise RuntimeError("no model here")


class InitHangs(DirtyApp):
    """Never done."""

    def init(self):
        tell("hangs")
        while True:
            time.sleep(3600)


class AsyncInitRaises(DirtyApp):
    """Cannot be served either."""

    async def init(self):
        raise RuntimeError("no model there")


class CloseRaises(Plain):
    """Its close fails."""

    def close(self):
        raise RuntimeError("will not")


class CloseHangs(Plain):
    """Its close has no end."""

    def close(self):
        tell("hangs")
        threading.Event().wait()


class Second(Plain):
    """Another one."""

    def close(self):
        tell("second closed")
