"""Hooks that write down what they were told, in the file that the environment names."""

import os


def _note(*words):
    with open(os.environ["NOTES"], "a") as file:
        print(*words, file=file)


def on_dirty_starting(arbiter):
    _note("starting", arbiter.name, arbiter.num_workers, *arbiter.apps)


def dirty_post_fork(arbiter, worker):
    _note("forked", worker.name, "of", arbiter.num_workers, *arbiter.apps, arbiter.pid)


def dirty_worker_init(worker):
    _note("initialised", worker.name)


def dirty_worker_exit(arbiter, worker):
    _note("exited", worker.name, worker.pid, worker.age, worker.exit)
    if os.environ.get("HOOK_FAILS"):
        raise LookupError("a broken hook")
