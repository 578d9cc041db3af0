"""The catalogue: large, read by everybody, loaded once. This is the module to preload."""

import os

MIB = 1 << 20
SIZE = int(os.environ.get("CATALOGUE_MIB", "64")) * MIB
ENTRY = b"978-0-00-000000-2;The Sea, the Sea;Iris Murdoch;1978\n"

loaded_by = os.getpid()
books = ENTRY * -(-SIZE // len(ENTRY))  # stands for whatever takes long to load: an index, a model, Django


def facts(server: str) -> dict[str, object]:
    """Who answers, and who loaded what it answers from."""
    return {
        "server": server,
        "pid": os.getpid(),
        "parent": os.getppid(),
        "catalogue_loaded_by": loaded_by,
        "catalogue_mib": len(books) // MIB,
    }
