"""The shop's background half: looks through the catalogue every few seconds until it is asked to stop."""

import os
import signal

from sdnotify import SystemdNotifier

from bookshop.catalogue import books, facts

STOP = {signal.SIGTERM, signal.SIGINT}


def run() -> None:
    """The target."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)
    supervisor = SystemdNotifier()
    supervisor.notify("READY=1")
    print(facts("background"))
    while signal.sigtimedwait(STOP, float(os.environ.get("INTERVAL", "5"))) is None:
        supervisor.notify(f"STATUS={books.count(b'Murdoch')} books of Iris Murdoch in stock")
