"""`supctl stash`: what programs share, looked at and emptied from outside."""

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from supervisord_lite.cli.command import SupctlCommand, SupctlGroup
from supervisord_lite.cli.exits import FAILED, USAGE
from supervisord_lite.cli.names import PATIENCE, ask_briefly, complete_pools
from supervisord_lite.cli.paint import printable
from supervisord_lite.cli.session import Session
from supervisord_lite.cli.values import MISSING, in_reply, key_text, read_key, spoken

if TYPE_CHECKING:
    from supervisord_lite.dirty.stash import StashClient

F = TypeVar("F", bound=Callable[..., Any])

BYTES = ("used", "limit")  # what info() counts in bytes


def _complete_tables(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names of tables that begin with `incomplete`; none where anything is in the way."""
    from supervisord_lite.cli.stash import choose_pool

    pool = choose_pool(ask_briefly(ctx, {"cmd": "status"}), ctx.params.get("pool"))
    if pool is None or not pool.get("socket"):
        return []
    from supervisord_lite.dirty import DirtyError, StashClient

    try:
        with StashClient(str(pool["socket"]), PATIENCE) as client:
            return [name for name in client.tables() if name.startswith(incomplete)]
    except DirtyError:
        return []


def _pool_option(function: F) -> F:
    return click.option(
        "--pool",
        metavar="NAME",
        shell_complete=complete_pools,
        help="Through which pool's arbiter; they all have the same stash.",
    )(function)


def _literal_option(text: str) -> Callable[[F], F]:
    return click.option("--literal", is_flag=True, help=text)


_table_argument = click.argument("table", shell_complete=_complete_tables)


@click.group(
    cls=SupctlGroup,
    no_args_is_help=False,
    examples=(
        ("supctl stash tables", "which tables there are"),
        ("supctl stash keys sessions 'user:*'", "the keys of one that match a pattern"),
        ("supctl stash get sessions user:1", "one value"),
        ("supctl stash clear sessions --yes", "delete all of its keys"),
    ),
)
def stash() -> None:
    """Look into the stash: tables of keys and values that the daemon's programs share.

    There is one stash for all pools. It is reached through the socket of a pool, as any program of the host
    would; who may connect there is up to that pool's socket_mode and socket_group.
    """


@stash.command(
    cls=SupctlCommand,
    short_help="Print the names of all tables.",
    examples=(("supctl stash tables", "a name a line"),),
)
@_pool_option
@click.pass_obj
def tables(session: Session, pool: str | None) -> None:
    """Print the names of all tables."""
    from supervisord_lite.cli.stash import open_stash

    with open_stash(session, pool) as client:
        names = list(client.tables())
    session.emit({"ok": True, "tables": names}, [printable(name) for name in names])


@stash.command(
    cls=SupctlCommand,
    short_help="Print the keys of a table.",
    examples=(
        ("supctl stash keys sessions", "all keys, one a line"),
        ("supctl stash keys sessions 'user:*'", "those that match"),
        ("supctl stash keys jobs --literal", "so that 17 and '17' can be told apart"),
    ),
)
@_table_argument
@click.argument("pattern", required=False)
@_literal_option("Print every key as a Python literal, text in quotes.")
@_pool_option
@click.pass_obj
def keys(session: Session, table: str, pattern: str | None, literal: bool, pool: str | None) -> None:
    """Print the keys of TABLE, or those that match PATTERN (*, ?, [abc]; quote it for the shell).

    A key that is text is printed as it is, any other as Python writes it.
    """
    from supervisord_lite.cli.stash import open_stash

    with open_stash(session, pool) as client:
        found = list(client.keys(table, pattern))
        if not found:
            _need_table(session, client, table)
    texts = [key_text(key, literal) for key in found]
    session.emit({"ok": True, "table": table, "keys": texts}, [printable(text) for text in texts])


@stash.command(
    cls=SupctlCommand,
    short_help="Print one value.",
    examples=(
        ("supctl stash get sessions user:1", "the value of the key 'user:1'"),
        ("supctl stash get jobs 17 --literal", "of the number 17"),
        ("supctl stash get jobs \"('mail', 17)\" --literal", "of a tuple"),
    ),
)
@_table_argument
@click.argument("key")
@_literal_option("KEY is a Python literal; without this it is text.")
@_pool_option
@click.pass_obj
def get(session: Session, table: str, key: str, literal: bool, pool: str | None) -> None:
    """Print the value of KEY in TABLE: as JSON where JSON can hold it, else as Python writes it."""
    from supervisord_lite.cli.stash import open_stash

    wanted = read_key(key, literal)
    with open_stash(session, pool) as client:
        value = client.get(table, wanted, MISSING)
        if value is MISSING:
            _need_table(session, client, table)
            session.fail(
                FAILED,
                f"no key {wanted!r} in table {table!r}; see supctl stash keys {table} --literal",
                "StashKeyNotFoundError",
            )
    reply = {"ok": True, "table": table, "key": key_text(wanted, literal), **in_reply("value", value)}
    session.emit(reply, () if session.json else [spoken(value)])


@stash.command(
    cls=SupctlCommand,
    short_help="Print how much is in a table, or in each.",
    examples=(
        ("supctl stash info", "how full it is, and all tables"),
        ("supctl stash info sessions", "one of them"),
    ),
)
@click.argument("table", required=False, shell_complete=_complete_tables)
@_pool_option
@click.pass_obj
def info(session: Session, table: str | None, pool: str | None) -> None:
    """Print how many keys TABLE has; without TABLE how full the stash is, where it is, and all tables."""
    from supervisord_lite.cli.stash import open_stash

    with open_stash(session, pool) as client:
        if table is not None:
            facts = dict(client.info(table))
            session.emit({"ok": True, "info": facts}, _fact_lines(facts))
            return
        facts = dict(client.info())
        found = [dict(client.info(name)) for name in client.tables()]
    lines = [*_fact_lines(facts), *([""] if found else []), *_table_lines(found)]
    session.emit({"ok": True, "info": facts, "tables": found}, lines)


@stash.command(
    cls=SupctlCommand,
    short_help="Delete all keys of a table.",
    examples=(
        ("supctl stash clear sessions", "asks first"),
        ("supctl stash clear sessions --yes", "for scripts"),
    ),
)
@_table_argument
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@_pool_option
@click.pass_obj
def clear(session: Session, table: str, yes: bool, pool: str | None) -> None:
    """Delete all keys of TABLE, for every program. The table itself stays."""
    from supervisord_lite.cli.stash import open_stash

    if not yes and (session.json or not sys.stdin.isatty()):
        session.fail(USAGE, "clear deletes every key and nobody can be asked here; give --yes", "usage")
    with open_stash(session, pool) as client:
        _need_table(session, client, table)
        count = client.info(table).get("size", 0)
        if not yes and not _confirmed(f"Delete all {count} keys of table {printable(table)}?"):
            session.fail(FAILED, "nothing was deleted", "refused")
        client.clear(table)
    session.emit(
        {"ok": True, "table": table, "deleted": count}, [printable(f"{table}: {count} keys deleted")]
    )


def _confirmed(question: str) -> bool:
    try:
        return click.confirm(question, err=True)
    except click.Abort:  # the end of the input, or Ctrl-C: neither is a yes
        print(file=sys.stderr)
        return False


def _need_table(session: Session, client: "StashClient", table: str) -> None:
    """End the command where there is no such table."""
    if not client.exists(table):
        session.fail(
            FAILED, f"no table {table!r} in the stash; see supctl stash tables", "StashTableNotFoundError"
        )


def _fact_lines(facts: Mapping[str, Any]) -> list[str]:
    from supervisord_lite.cli.quantity import size

    width = max(map(len, facts), default=0)
    texts = {name: size(value) if name in BYTES else _plain(value) for name, value in facts.items()}
    return [printable(f"{name:>{width}}: {text}") for name, text in texts.items()]


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else spoken(value)


def _table_lines(found: list[dict[str, Any]]) -> list[str]:
    from supervisord_lite.cli.columns import Column, columns

    rows = [[str(facts.get("table")), str(facts.get("size"))] for facts in found]
    return columns((Column("TABLE"), Column("KEYS", right=True)), rows) if rows else []
