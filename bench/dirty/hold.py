"""Holds connections that say nothing: `python -m bench.dirty.hold PATH COUNT`, until it is killed."""

import resource
import socket
import sys


def main() -> None:
    """Connect, say so, wait."""
    path, count = sys.argv[1], int(sys.argv[2])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held = []
    for _connection in range(count):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
        held.append(connection)
    print("held", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
