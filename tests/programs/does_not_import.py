"""Cannot be imported, because something it needs is not installed."""

import a_module_that_nobody_has  # noqa: F401 - the point of it


def main() -> None:
    """Never called."""
