"""A worker: one process of huey's consumer, with two threads that work jobs off."""

from shop.tasks import queue


def run() -> None:
    """Work jobs off until SIGTERM, which lets the jobs that have begun finish."""
    queue.create_consumer(workers=2, worker_type="thread", periodic=False, graceful_signal="TERM").run()
