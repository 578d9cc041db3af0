"""A large application: 64 MiB that are there once it is imported."""

import gc

import runs

CACHE = [bytes([number % 256]) * 4096 for number in range(16384)]


def main() -> None:
    """Touch what is shared as a program does, let the collector walk over it, and run."""
    assert sum(page[0] for page in CACHE) > 0
    gc.collect()
    runs.main()
