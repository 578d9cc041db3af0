"""A large application: some 50 MiB of objects that are there once it is imported."""

import gc

import runs

CACHE = [{"number": number} for number in range(200_000)]


def main() -> None:
    """Let the collector walk over everything, as it does in a program that lives long, and run."""
    gc.collect()
    runs.main()
