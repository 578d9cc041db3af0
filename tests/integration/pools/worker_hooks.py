"""Hooks of the tests of workers."""

from tests.integration.pools.worker_apps import tell


def dirty_post_fork(arbiter, worker):
    """Fails after it has run."""
    tell(f"post_fork {arbiter.name} {worker.name} {worker.age}")
    raise RuntimeError("of the hook")


def dirty_worker_init(worker):
    """As gunicorn's users write it."""
    worker.log.info("logged by the hook")
    tell(f"init {' '.join(worker.app_paths)}")
