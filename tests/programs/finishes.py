"""Says its last words without flushing them, and returns."""


def main() -> None:
    """Speak and end."""
    print("last words", end="")


if __name__ == "__main__":
    main()
