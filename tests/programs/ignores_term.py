"""Does not let SIGTERM end it."""

import signal

import runs


def main() -> None:
    """Run on."""
    signal.signal(signal.SIGTERM, lambda *_: print("ignored SIGTERM", flush=True))
    runs.main()


if __name__ == "__main__":
    main()
