"""Raises an exception that nobody catches."""


def main() -> None:
    """Raise."""
    print("about to fail")
    raise RuntimeError("allowed traceback")


if __name__ == "__main__":
    main()
