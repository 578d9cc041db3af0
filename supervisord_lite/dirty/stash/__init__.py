"""The stash: tables of keys and values that all programs of the daemon share.

    from supervisord_lite.dirty import stash

    stash.put("sessions", "user:1", {"name": "Alice"}, ttl=3600)
    stash.get("sessions", "user:1")
    sessions = stash.table("sessions")   # like a dict
    with stash.transaction() as t:
        t.put("stock", 7, t.get("stock", 7) - 1)

The functions are the methods of `Stash` (`api`), of the stash of this process: found, and opened, at the
first use. Importing this package is cheap, and may be done before a fork.
"""

import importlib
from typing import TYPE_CHECKING, Any

from .ambient import ambient as _ambient
from .api import MISSING as MISSING
from .api import Stash as Stash
from .errors import StashConflictError as StashConflictError
from .errors import StashError as StashError
from .errors import StashFullError as StashFullError
from .errors import StashKeyNotFoundError as StashKeyNotFoundError
from .errors import StashTableNotFoundError as StashTableNotFoundError
from .mapping import StashTable as StashTable

if TYPE_CHECKING:
    from .client import StashClient as StashClient
    from .store import Store as Store

put = _ambient.put
get = _ambient.get
delete = _ambient.delete
exists = _ambient.exists
pop = _ambient.pop
setdefault = _ambient.setdefault
incr = _ambient.incr
compare_and_set = _ambient.compare_and_set
expire = _ambient.expire
ttl = _ambient.ttl
get_many = _ambient.get_many
update = _ambient.update
keys = _ambient.keys
items = _ambient.items
values = _ambient.values
clear = _ambient.clear
ensure = _ambient.ensure
delete_table = _ambient.delete_table
tables = _ambient.tables
info = _ambient.info
table = _ambient.table
transaction = _ambient.transaction
transact = _ambient.transact
set_stash_socket_path = _ambient.set_socket_path
get_stash_socket_path = _ambient.socket_path

_HOME = {"StashClient": "client", "Store": "store"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
