"""The whole file as the operator writes it, one field for each kind of section.

The reference in the docs, the man page and the JSON Schema are generated from this struct and those of its
tables. A new section is a new struct and a new field here.
"""

from typing import Annotated

from msgspec import Meta, Struct

from supervisord_lite.config.companion_table import CompanionTable
from supervisord_lite.config.pool_table import PoolTable
from supervisord_lite.config.stash_table import StashTable
from supervisord_lite.config.supervisor_table import SupervisorTable

__all__ = ["CompanionTable", "Document", "PoolTable", "StashTable", "SupervisorTable"]


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A configuration file of supervisord_lite."""

    supervisor: Annotated[
        SupervisorTable, Meta(description="The daemon itself, and what all programs share.")
    ] = SupervisorTable()
    companion_defaults: Annotated[
        CompanionTable,
        Meta(description="Any key of a companion: what companions get that do not give it themselves."),
    ] = CompanionTable()
    companions: Annotated[
        dict[str, CompanionTable], Meta(description="The companions, one table each: `[companions.NAME]`.")
    ] = {}
    pools: Annotated[
        dict[str, PoolTable], Meta(description="The dirty pools, one table each: `[pools.NAME]`.")
    ] = {}
    stash: Annotated[
        StashTable, Meta(description="The key-value store that all programs and pools share.")
    ] = StashTable()
