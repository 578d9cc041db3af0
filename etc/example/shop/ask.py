"""Ask the pool, as a web process of the shop would: one call, and one stream.

It finds the pool in the environment when it is a program of the daemon, else by the path that it is given.
"""

import sys

from supervisord_lite.dirty import DirtyClient

FORECAST = "shop.forecast:Forecast"


def main() -> None:
    """Print what the pool answers."""
    with DirtyClient(sys.argv[1] if len(sys.argv) > 1 else None) as client:
        print("lamps next week:", client.execute(FORECAST, "next_week", "lamps"))
        for line in client.stream(FORECAST, "year", "chairs"):
            print(line, flush=True)
        print("asked so far:", dict(client.stash.table("asked").items()))


if __name__ == "__main__":
    main()
