"""Writes what the docs say about the file, from the structs that read it.

Run as `python -m supervisord_lite.config.reference --write` in a checkout.

The key tables in docs/configuration.md (between markers), the JSON Schema and the man page. Without `--write`
it says which of them are out of step and exits 1. Nothing of this is imported by the daemon.
"""

import argparse
import sys
from collections.abc import Iterator
from enum import EnumMeta
from pathlib import Path
from typing import Any, get_origin

import msgspec

from supervisord_lite.config.kinds import kinds
from supervisord_lite.config.tables import CompanionTable, PoolTable, StashTable, SupervisorTable

ROOT = Path(__file__).parents[2]
GUIDE = "docs/configuration.md"
SCHEMA = "docs/schema/app-supervisor.schema.json"
MANUAL = "packaging/man/app-supervisor.toml.5"
TABLES: dict[str, type[msgspec.Struct]] = {
    "supervisor": SupervisorTable,
    "companion": CompanionTable,
    "pool": PoolTable,
    "stash": StashTable,
}


class Key(msgspec.Struct, frozen=True):
    """One key as the docs show it; texts are Markdown."""

    name: str
    kind: str
    default: str
    description: str


def keys(struct: type[msgspec.Struct]) -> Iterator[Key]:
    """Yield the keys of a table in their order."""
    for field in msgspec.structs.fields(struct):
        (meta,) = field.type.__metadata__
        extra = meta.extra or {}
        default = extra.get("default") or _default(field.default)
        yield Key(field.encode_name, _kind(kinds(struct)[field.encode_name]), default, meta.description)


def generated(root: Path) -> dict[str, str]:
    """Return the text of every generated file by its path in the project."""
    import json

    from supervisord_lite.config.manual import manual_page
    from supervisord_lite.config.schema import json_schema

    return {
        GUIDE: _with_tables((root / GUIDE).read_text(encoding="utf-8")),
        SCHEMA: json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n",
        MANUAL: manual_page({name: list(keys(struct)) for name, struct in TABLES.items()}),
    }


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Check the generated files, or write them. Returns the exit status."""
    parser = argparse.ArgumentParser(
        description="Check or write the generated reference of the configuration."
    )
    parser.add_argument("--write", action="store_true", help="write what is out of step")
    write = parser.parse_args(arguments).write
    stale = {path: text for path, text in generated(root).items() if _current(root / path) != text}
    for path, text in stale.items():
        print(f"{'written' if write else 'out of step'}: {path}")
        if write:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
    return 1 if stale and not write else 0


def _current(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None


def _with_tables(guide: str) -> str:
    for name, struct in TABLES.items():
        begin, end = f"<!-- keys: {name} -->\n", f"<!-- end: {name} -->"
        head, _, rest = guide.partition(begin)
        _, found, tail = rest.partition(end)
        if not found:
            raise SystemExit(f"{GUIDE} has no {begin.strip()} ... {end}; put the markers back")
        guide = head + begin + _table(struct) + end + tail
    return guide


def _table(struct: type[msgspec.Struct]) -> str:
    rows = ["| key | type | default | meaning |", "|---|---|---|---|"]
    for key in keys(struct):
        cells = (f"`{key.name}`", key.kind, key.default, key.description)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _kind(kind: Any) -> str:
    if kind is bool:
        return "true or false"
    if isinstance(kind, EnumMeta):
        words = [f'"{choice}"' for choice in map(str, kind.__members__.values())]
        return f"{', '.join(words[:-1])} or {words[-1]}"
    if get_origin(kind) is dict:
        return f"table of {kind.__args__[1].kind}s".replace("string or numbers", "strings or numbers")
    return str(kind.kind)


def _default(value: object) -> str:
    written = getattr(value, "written", value)
    if isinstance(written, bool):
        return "`true`" if written else "`false`"
    if isinstance(written, str):
        return f'`"{written}"`'
    if isinstance(written, list):
        return f"`{written}`" if written else "none"
    return f"`{written}`" if isinstance(written, int | float) else "none"


if __name__ == "__main__":
    sys.exit(main())
