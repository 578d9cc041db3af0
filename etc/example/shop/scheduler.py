"""The scheduler: puts jobs into the queue every SHOP_INTERVAL seconds until it is asked to stop."""

import os
import signal

from sdnotify import SystemdNotifier

from shop.tasks import count_stock, log, queue, send_receipt

STOP = {signal.SIGTERM, signal.SIGINT}


def run() -> None:
    """Enqueue the jobs of one order an interval. SIGTERM and SIGINT end it between two orders."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)
    interval = float(os.environ.get("SHOP_INTERVAL", "2"))
    supervisor = SystemdNotifier()
    supervisor.notify("READY=1")
    order = 0
    while signal.sigtimedwait(STOP, interval) is None:
        order += 1
        send_receipt(order)
        count_stock(order)
        log.info("order %d queued", order)
        supervisor.notify(f"STATUS={order} orders queued, {queue.pending_count()} jobs waiting")
    supervisor.notify("STOPPING=1")
