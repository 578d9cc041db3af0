"""Private memory of workers: what ending one would give back, without what it shares with its zygote."""

PRIVATE = ("Private_Clean:", "Private_Dirty:", "Private_Hugetlb:")


def private(pid: int) -> int | None:
    """Bytes, by proc_pid_smaps(5); None where it cannot be read. Takes milliseconds for a large process."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return parse(file.read())
    except OSError:
        return None


def parse(text: str) -> int:
    """The sum of the private lines, which are in KiB."""
    fields = (line.split() for line in text.splitlines() if line.startswith(PRIVATE))
    return sum(int(words[1]) for words in fields) * 1024
