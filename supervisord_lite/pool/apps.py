"""What an app's class says about itself, asked in a throwaway process: it imports the application."""

import sys
from typing import Any

from supervisord_lite.dirty.app import get_app_workers_attribute


def describe(path: str) -> dict[str, Any]:
    """The class attributes of an app: `workers` (None: all) and `stashes` (tables), nothing instantiated.

    Raises what `dirty.load_dirty_app` raises, and `TypeError` where an attribute is not what it should be.
    """
    workers = get_app_workers_attribute(path)
    if workers is not None and (type(workers) is not int or workers < 1):
        raise TypeError(f"{path}: workers has to be None or a whole number of at least 1, not {workers!r}")
    module, _, name = path.rpartition(":")
    stashes = getattr(getattr(sys.modules[module], name), "stashes", ())
    if isinstance(stashes, str) or not all(isinstance(table, str) for table in stashes):
        raise TypeError(f"{path}: stashes has to be a list of names, not {stashes!r}")
    return {"workers": workers, "stashes": list(stashes)}
