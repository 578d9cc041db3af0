"""Prints numbered lines, as many as the environment says, and runs."""

import os

import runs


def main() -> None:
    """Print and run."""
    for number in range(int(os.environ.get("LINES_TO_WRITE", "1000"))):
        print("line", number)
    runs.main()


if __name__ == "__main__":
    main()
