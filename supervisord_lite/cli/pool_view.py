"""The tables of one pool: what `supctl status NAME` and `supctl pool NAME` print."""

from collections.abc import Iterator, Sequence

from supervisord_lite.cli.columns import Column, columns
from supervisord_lite.cli.paint import paint, printable
from supervisord_lite.cli.pool import Pool, Report
from supervisord_lite.cli.quantity import UNKNOWN, brief, size
from supervisord_lite.cli.table import Program, table
from supervisord_lite.model.durations import spell

LABEL_WIDTH = 14
CALLS_SHOWN = 3  # of one worker in its line; the others are counted

WORKERS = (
    Column("WORKER"),
    Column("STATE", painted=True),
    Column("PID", right=True),
    Column("CALLS", right=True),
    Column("ERRORS", right=True),
    Column("MEMORY", right=True),
    Column("AGE", right=True),
    Column("DOING"),
)
APPS = (
    Column("APP"),
    Column("WORKERS", right=True),
    Column("QUEUED", right=True),
    Column("OLDEST", right=True),
    Column("CALLS", right=True),
    Column("ERRORS", right=True),
    Column("WAIT P50", right=True),
    Column("P99", right=True),
    Column("RUN P50", right=True),
    Column("P99", right=True),
)
CALLS = (
    Column("CALL", right=True),
    Column("WHERE"),
    Column("FOR", right=True),
    Column("CLIENT", right=True),
    Column("WHAT"),
)


def summary(pool: Pool, colour: bool) -> list[str]:
    """The pool for `supctl status`: two lines about all of it, then workers and apps."""
    if not pool.is_reported:
        return _unreported(pool, colour)
    report = pool.report
    p50, p99 = _waited(report)
    oldest = max((app.get("oldest") or 0.0 for app in report.get("apps", ())), default=0.0)
    queue = f"queue {report.get('queued', 0)}" + (
        f" (oldest {brief(oldest)})" if report.get("queued") else ""
    )
    return [
        f"{_title(pool, colour)}, {printable(str(report.get('socket', UNKNOWN)))}",
        f"{queue}, waiting p50 {brief(p50)} p99 {brief(p99)}, {_plural(report.get('clients', 0), 'client')}, "
        f"{report.get('refused', 0)} refused, {report.get('timed_out', 0)} timed out",
        *([printable(pool.error)] if pool.error else []),
        *_tables(pool, colour),
    ]


def details(pool: Pool, colour: bool) -> list[str]:
    """The pool for `supctl pool`: labelled lines, workers, apps, and each call with its id."""
    if not pool.is_reported:
        return _unreported(pool, colour)
    lines = [_title(pool, colour)]
    lines += [
        f"{label:>{LABEL_WIDTH}}: {printable(text)}"
        for label, text in _facts(pool)
        if text not in ("", "None")
    ]
    lines += _tables(pool, colour)
    calls = sorted(
        pool.report.get("calls", ()), key=lambda call: (call.get("worker") is None, -call["seconds"])
    )
    if calls:
        lines += ["", *columns(CALLS, [_call_row(call) for call in calls], colour)]
    return lines


def app_action(call: Report) -> str:
    """What a call calls, as the journal and the errors name it: "models:Chat:generate"."""
    return f"{call.get('app')}:{call.get('action')}"


def _title(pool: Pool, colour: bool) -> str:
    workers = pool.report.get("workers", ())
    ready = sum(worker.get("state") in ("idle", "busy") for worker in workers)
    wanted = pool.report.get("workers_wanted", len(workers))
    return f"{paint(pool.name, 'bold', colour)}: {ready} of {_plural(wanted, 'worker')} ready"


def _unreported(pool: Pool, colour: bool) -> list[str]:
    """Why there is no report, and what the daemon knows without it."""
    why = pool.error or "nothing is known of it"
    programs = ["", *table(pool.programs, colour)] if pool.programs else []
    return [f"{paint(pool.name, 'bold', colour)}: {printable(why)}", *programs]


def _facts(pool: Pool) -> Iterator[tuple[str, str]]:
    report, arbiter = pool.report, pool.arbiter
    p50, p99 = _waited(report)
    running = str(arbiter["description"]) if arbiter is not None else f"pid {report.get('arbiter_pid')}"
    yield "trouble", pool.error or ""
    yield "socket", str(report.get("socket"))
    yield "arbiter", running
    yield "queued", str(report.get("queued", 0))
    yield "waiting", f"p50 {brief(p50)}, p99 {brief(p99)}"
    yield "clients", str(report.get("clients", 0))
    yield "refused", str(report.get("refused", 0))
    yield "timed out", str(report.get("timed_out", 0))
    minimum = report.get("minimum")
    yield "minimum", _plural(minimum, "worker") + ", required by the apps" if minimum and minimum > 1 else ""
    yield "stash", str(report.get("stash"))


def _waited(report: Report) -> tuple[float | None, float | None]:
    """The median and the 99th percentile of the app whose calls wait longest: one slow app must show."""
    apps = report.get("apps", ())
    p50, p99 = (
        max((app[key] for app in apps if app.get(key) is not None), default=None)
        for key in ("waited_p50", "waited_p99")
    )
    return p50, p99


def _tables(pool: Pool, colour: bool) -> Iterator[str]:
    arbiter = pool.arbiter
    if arbiter is not None and arbiter["state"] != "RUNNING":
        yield from table([arbiter], colour)
    rows = list(_worker_rows(pool))
    if rows:
        yield ""
        yield from columns(WORKERS, rows, colour)
    apps = [_app_row(app, pool.report) for app in pool.report.get("apps", ())]
    if apps:
        yield ""
        yield from columns(APPS, apps, colour)


def _worker_rows(pool: Pool) -> Iterator[list[str]]:
    """A row for each worker of either side, in the order of the daemon's programs."""
    reports = {worker["name"]: worker for worker in pool.report.get("workers", ())}
    programs = {program["name"]: program for program in pool.programs if program is not pool.arbiter}
    for name in dict.fromkeys((*programs, *reports)):
        report = reports.get(name, {})
        yield _worker_row(name, report, programs.get(name, report), pool.report.get("calls", ()))


def _worker_row(name: str, report: Report, program: Program, calls: Sequence[Report]) -> list[str]:
    state = _state(report, program)
    age = program.get("uptime")  # the arbiter counts from when the worker came to it
    age = report.get("age") if age is None else age
    pid = report.get("pid") or program.get("pid")
    return [
        name,
        state,
        str(pid or UNKNOWN),
        str(report.get("calls", UNKNOWN)),
        str(report.get("errors", UNKNOWN)),
        size(report.get("memory")),
        spell(age) if age is not None else UNKNOWN,
        _doing(name, state, report, program, calls),
    ]


def _state(report: Report, program: Program) -> str:
    """The daemon's word for one that is down or on its way, else the arbiter's: idle, busy, leaving."""
    reported = str(report.get("state") or "")
    state = str(program.get("state") or reported)
    if state == "RUNNING" or (state == "STARTING" and reported == "initialising"):
        return reported or state
    return state


def _doing(name: str, state: str, report: Report, program: Program, calls: Sequence[Report]) -> str:
    if report.get("initialising") and state in ("initialising", "STARTING"):
        return f"init of {report['initialising']}"
    if state.islower():
        mine = sorted(
            (call for call in calls if call.get("worker") == name), key=lambda call: -call["seconds"]
        )
        spoken = [f"{app_action(call)} for {brief(call['seconds'])}" for call in mine[:CALLS_SHOWN]]
        if len(mine) > CALLS_SHOWN:
            spoken.append(f"{len(mine) - CALLS_SHOWN} more")
        return ", ".join(spoken)
    description = str(program.get("description") or "")
    reason = str(report.get("reason") or program.get("status_text") or "")
    if not reason or reason in description:
        return description
    return f"{reason}; {description}" if description else reason


def _app_row(app: Report, report: Report) -> list[str]:
    ready = [worker for worker in report.get("workers", ()) if worker.get("state") != "initialising"]
    holders = sum(app["app"] in (worker.get("apps") or ()) for worker in ready)
    return [
        str(app["app"]),
        str(holders),
        str(app.get("queued", 0)),
        brief(app.get("oldest")) if app.get("queued") else UNKNOWN,
        str(app.get("calls", 0)),
        str(app.get("errors", 0)),
        *(brief(app.get(key)) for key in ("waited_p50", "waited_p99", "ran_p50", "ran_p99")),
    ]


def _call_row(call: Report) -> list[str]:
    stream = " (stream)" if call.get("is_stream") else ""
    return [
        str(call["id"]),
        str(call.get("worker") or "queued"),
        brief(call["seconds"]),
        str(call.get("client") or UNKNOWN),
        app_action(call) + stream,
    ]


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
