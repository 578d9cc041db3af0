"""Apps that a test calls: what they are is decided by the environment they are loaded in."""

import os
import time

from supervisord_lite.dirty.app import DirtyApp


class Echo(DirtyApp):
    def init(self):
        if os.path.exists(os.environ.get("BROKEN", "")):
            raise ValueError("the model is broken")
        time.sleep(float(os.environ.get("INIT", "0")))

    def pid(self):
        return os.getpid()

    def env(self, name):
        return os.environ.get(name)

    def start(self, forks):
        """Leave a process behind that has a session of its own; returns its pid."""
        pid = os.fork()
        if pid == 0:
            os.setsid()
            if not forks:
                os.execvp("sleep", ["sleep", "1000"])
            while True:
                time.sleep(1000)
        return pid

    def sleep(self, seconds):
        time.sleep(seconds)
        return seconds


class Pair(Echo):
    workers = 2
    stashes = ("sessions",)
