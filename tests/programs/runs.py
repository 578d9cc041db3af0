"""Says that it runs, and runs until a signal ends it."""

import os
import signal


def main() -> None:
    """Run."""
    print("running", os.environ["SUPERVISOR_PROCESS_NAME"], os.getpid(), flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
