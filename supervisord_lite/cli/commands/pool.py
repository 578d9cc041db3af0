"""`supctl pool`: one pool with each of its calls, and the end of a call that should not go on."""

import sys
from typing import TYPE_CHECKING

import click

from supervisord_lite.cli.command import SupctlCommand
from supervisord_lite.cli.exits import FAILED
from supervisord_lite.cli.names import complete_pools
from supervisord_lite.cli.paint import printable, wants_colour
from supervisord_lite.cli.session import Session

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def _complete_calls(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> "list[CompletionItem[str]]":
    """The ids of the pool's calls, each with what it calls."""
    from click.shell_completion import CompletionItem

    from supervisord_lite.cli.names import ask_briefly
    from supervisord_lite.cli.pool_view import app_action
    from supervisord_lite.cli.quantity import brief

    reply = ask_briefly(ctx, {"cmd": "pool", "name": ctx.params.get("name")})
    return [
        CompletionItem(str(call["id"]), help=f"{app_action(call)}, {brief(call['seconds'])}")
        for call in (reply.get("pool") or {}).get("calls", ())
        if str(call["id"]).startswith(incomplete)
    ]


@click.command(
    cls=SupctlCommand,
    examples=(
        ("supctl pool dirty", "its workers, its apps, and each call that waits or runs"),
        ("supctl pool dirty cancel 17", "end call 17, queued or running"),
        ("supctl pool dirty --json | jq '.pool.calls[] | select(.seconds > 60)'", "calls that take long"),
    ),
)
@click.argument("name", shell_complete=complete_pools)
@click.argument("operation", type=click.Choice(("cancel",)), required=False)
@click.argument(
    "call", type=click.IntRange(min=0), required=False, metavar="[ID]", shell_complete=_complete_calls
)
@click.pass_obj
def pool(session: Session, name: str, operation: str | None, call: int | None) -> None:
    """Show pool NAME: its arbiter, workers and apps as "supctl status NAME" does, and each call with its ID.

    A call that waits is "queued"; one that runs shows its worker. FOR is how long it has been waiting or
    running, CLIENT the process that asked for it.

    "cancel ID" ends a call, whatever on_disconnect says: a queued one is dropped, a generator is closed, an
    async action cancelled, a sync one interrupted by an exception in its thread; its worker is replaced if
    that does not end it within graceful_timeout. The caller gets DirtyCancelledError.
    """
    if operation is None:
        _show(session, name)
        return
    if call is None:
        raise click.UsageError(f"which call? cancel takes the ID of one; see supctl pool {name}")
    reply = session.ask({"cmd": "cancel", "pool": name, "call": call})
    session.emit(reply, [printable(f"{name}: call {call}: {reply.get('message') or 'cancelled'}")])


def _show(session: Session, name: str) -> None:
    from supervisord_lite.cli.pool import ask
    from supervisord_lite.cli.pool_view import details

    with session.connect() as client:
        found = ask(client, name, client.request({"cmd": "status"}))
    if found.error and session.json:
        session.fail(FAILED, found.error, pool=found.report)
    session.emit(
        {"ok": True, "pool": found.report}, () if session.json else details(found, wants_colour(sys.stdout))
    )
    if found.error:
        raise click.exceptions.Exit(FAILED)
