"""Does what the test tells it through the socket that ORDERS names, one order a line."""

import os
import signal
import socket
import sys


def main() -> None:
    """Obey."""
    with socket.socket(socket.AF_UNIX) as test, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        test.connect(os.environ["ORDERS"])
        test.sendall(f"{os.environ['SUPERVISOR_PROCESS_NAME']} {os.getpid()}\n".encode())
        orders = {
            "notify": lambda text: notify.sendto(text.encode(), os.environ["NOTIFY_SOCKET"]),
            "exit": lambda code: sys.exit(int(code)),
            "print": lambda text: print(text, flush=True),
            "trap": lambda name: signal.signal(signal.Signals[name], lambda *_: test.sendall(b"trapped\n")),
        }
        for line in test.makefile():
            word, _, rest = line.strip().partition(" ")
            orders[word](rest)
            test.sendall(b"done\n")


if __name__ == "__main__":
    main()
