"""One file: read, parsed as TOML, and taken apart into its tables."""

import re
from collections.abc import Mapping

import tomli
from msgspec import Struct

from supervisord_lite.config.contents import read_regular
from supervisord_lite.config.decode import decode_table, explain_unknown, quoted
from supervisord_lite.config.given import Section
from supervisord_lite.config.problem import Problems
from supervisord_lite.config.tables import CompanionTable, Document, PoolTable, StashTable, SupervisorTable
from supervisord_lite.config.text import check_name
from supervisord_lite.config.value import shown

# TOML yields 18 for 0o22 and 22 for 22: only the text tells a mode from a slip that would grant other rights.
DECIMAL_MODE = re.compile(
    r"(?m)^[^#\n\"']*?\b(umask|(?:control_)?socket_mode|mode)\s*=\s*(\d{2,})\s*(?:[#,}\r\n]|\Z)"
)
NAMED: dict[str, type[Struct]] = {"companions": CompanionTable, "pools": PoolTable}
COMMON: dict[str, type[Struct]] = {
    "supervisor": SupervisorTable,
    "companion_defaults": CompanionTable,
    "stash": StashTable,
}


class Source(Struct, frozen=True):
    """The tables of one file."""

    file: str
    text: bytes
    supervisor: Section
    defaults: Section
    stash: Section
    companions: Mapping[str, Section]
    pools: Mapping[str, Section]


def read_source(
    file: str, problems: Problems, *, included: bool = False, text: bytes | None = None
) -> Source | None:
    """Return the tables of a file (absolute path), None if it cannot be read at all.

    `text` is what the file holds, None to read it now.
    A file that was included gives companions and pools, and nothing else: what holds for all stands in one
    place.
    """
    text = _read(file, problems) if text is None else text
    document = _parse(text, file, problems) if text is not None else None
    if text is None or document is None:
        return None
    tables = {key: Section(file, key) for key in COMMON}
    named: dict[str, Mapping[str, Section]] = {key: {} for key in NAMED}
    for key, written in document.items():
        if key in NAMED:
            named[key] = _named(key, written, file, problems)
        elif key not in COMMON:
            explain_unknown(key, written, Document, file, quoted(key), problems)
        elif included:
            problems.add(
                file,
                key,
                "must stand in the main file: an included file gives [companions.NAME] and [pools.NAME], "
                f"not [{key}]",
            )
        else:
            tables[key] = decode_table(written, COMMON[key], file, key, problems)
    return Source(
        file=file,
        text=text,
        supervisor=tables["supervisor"],
        defaults=tables["companion_defaults"],
        stash=tables["stash"],
        companions=named["companions"],
        pools=named["pools"],
    )


def _named(head: str, written: object, file: str, problems: Problems) -> dict[str, Section]:
    if not isinstance(written, dict):
        problems.add(file, head, f"must hold tables, [{head}.NAME], not {shown(written)}")
        return {}
    sections = {}
    for name, table in written.items():
        key = f"{head}.{quoted(name)}"
        try:
            check_name(name)
        except ValueError as error:
            problems.add(file, key, str(error))
        sections[name] = decode_table(table, NAMED[head], file, key, problems)
    return sections


def _read(file: str, problems: Problems) -> bytes | None:
    try:
        return read_regular(file)
    except (OSError, ValueError) as error:
        problems.add(file, "", f"cannot be read: {getattr(error, 'strerror', None) or error}")
        return None


def _parse(data: bytes, file: str, problems: Problems) -> dict[str, object] | None:
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
        document = tomli.loads(text)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problems.add(file, "", f"is not UTF-8 (line {line}); save it in that encoding")
    except tomli.TOMLDecodeError as error:
        problems.add(file, "", f"is not TOML: {error}")
    except RecursionError:
        problems.add(file, "", "is not a configuration: its lists or tables are nested too deeply")
    else:
        _refuse_decimal_modes(text, document, file, problems)
        return document
    return None


def _refuse_decimal_modes(text: str, document: Mapping[str, object], file: str, problems: Problems) -> None:
    stash = document.get("stash")
    of_stash = stash.get("mode") if isinstance(stash, dict) else None
    for match in DECIMAL_MODE.finditer(text):
        key, digits = match.groups()
        line = text.count("\n", 0, match.start(1)) + 1
        if key == "mode" and of_stash != int(digits):
            continue  # the word is too common to be a key of ours wherever it stands
        if int(digits) <= 0o777:  # above that, the value itself is refused
            problems.add(file, key, f'is a decimal number in line {line}; write the mode as "0{digits}"')
