"""The job queue and its jobs. This is the module to preload: it imports what is big and opens nothing.

huey opens its SQLite connection at the first use, so each forked process gets one of its own.
"""

import logging
import os
import time

from huey import SqliteHuey

logging.basicConfig(level=logging.INFO, format="%(message)s")
logging.getLogger("huey").setLevel(logging.WARNING)
log = logging.getLogger("shop")
queue = SqliteHuey("shop", filename=os.environ["SHOP_DATABASE"])


@queue.task(retries=3, retry_delay=5)
def send_receipt(order: int) -> None:
    """Pretend to send the receipt of an order, which takes a moment."""
    time.sleep(0.3)
    log.info("receipt for order %d sent by process %d", order, os.getpid())


@queue.task()
def count_stock(order: int) -> None:
    """Pretend to take what was ordered from the stock."""
    time.sleep(0.2)
    log.info("stock counted after order %d by process %d", order, os.getpid())
