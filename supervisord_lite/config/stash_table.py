"""The `[stash]` table as the operator writes it: every key, its kind, default and meaning, said once."""

from typing import Annotated

from msgspec import Meta, Struct

from supervisord_lite.config.number import Mode
from supervisord_lite.config.size import Space
from supervisord_lite.config.text import Account, Path


class StashTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The key-value store that all programs and pools share."""

    size: Annotated[
        Space,
        Meta(
            description="How large it may grow, on disk and in every program's address space; a write "
            "beyond it is refused. Memory is taken as it fills."
        ),
    ] = Space(256 * 2**20)
    path: Annotated[
        Path | None,
        Meta(
            description="The directory that holds it, for nothing else.",
            extra={
                "default": "`stash` beside the control socket; with `persist`, in `$STATE_DIRECTORY`, else "
                "`$XDG_STATE_HOME/app-supervisor`, else, as root, `/var/lib/app-supervisor`, else "
                "`~/.local/state/app-supervisor`"
            },
        ),
    ] = None
    persist: Annotated[
        bool,
        Meta(
            description="Whether it is kept when the daemon stops, and every write synced to disk. Without, "
            "it is emptied at each start."
        ),
    ] = False
    mode: Annotated[
        Mode,
        Meta(
            description="Permissions of its files. Programs of other users than the daemon's default one "
            "reach it through the default pool."
        ),
    ] = Mode(0o600)
    group: Annotated[
        Account | None,
        Meta(
            description="The group that owns it (with mode `0660`).",
            extra={"default": "that of `[supervisor]`"},
        ),
    ] = None
