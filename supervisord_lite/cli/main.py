"""The entry point of `supctl`. Nothing is imported before Ctrl-C is taken care of."""

import gc
import os
import sys


def main() -> None:
    """Run the command line and exit with its status."""
    gc.disable()  # importing makes much that stays and no garbage: 2 ms of a 40 ms command
    for stream in ("stdout", "stderr"):
        if getattr(sys, stream) is None:  # closed by the caller, as in `supctl status >&-`
            setattr(sys, stream, open(os.devnull, "w"))  # noqa: SIM115 - open as long as the process is
    try:
        from supervisord_lite.cli.root import run

        gc.enable()
        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        status = 130  # interrupted while still importing
    sys.exit(status)


if __name__ == "__main__":
    main()
