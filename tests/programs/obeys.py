"""Does what the test tells it through the socket that ORDERS names, one order a line."""

import os
import signal
import socket
import sys

with socket.socket(socket.AF_UNIX) as test, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
    test.connect(os.environ["ORDERS"])
    test.sendall(f"{os.environ['SUPERVISOR_PROCESS_NAME']} {os.getpid()}\n".encode())
    orders = {
        "notify": lambda text: notify.sendto(text.encode(), os.environ["NOTIFY_SOCKET"]),
        "exit": lambda code: sys.exit(int(code)),
        "trap": lambda name: signal.signal(signal.Signals[name], lambda *_: test.sendall(b"trapped\n")),
    }
    for word, _, rest in (line.strip().partition(" ") for line in test.makefile()):
        orders[word](rest)
        test.sendall(b"done\n")
