"""How much address space a stash takes."""


def map_size(size: int) -> int:
    """Bytes that every process maps for a stash of this size.

    Removing needs free pages too, and LMDB gives none back, so that what is full could never be emptied.
    """
    return size + size // 4 + 4 * 2**20
