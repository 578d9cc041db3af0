"""Pools on the command line: `status NAME`, `pool NAME`, `cancel`, `scale`, and completion."""

from typing import Any

import pytest

from supervisord_lite.cli.columns import Column, columns
from supervisord_lite.cli.quantity import brief, size

Daemon = Any  # the fakes and fixtures of conftest.py
Make = Any
Run = Any
Message = dict[str, Any]


def report_of(**changes: Any) -> Message:
    """A pool as the daemon's reply to "pool" has it: one worker busy, one idle, one that initialises."""
    workers = [
        worker("dirty:1", state="busy", pid=71, calls=120, errors=2, memory=1_288_490_189),
        worker("dirty:2", pid=72, calls=7, memory=46_871_347),
        worker("dirty:3", state="initialising", pid=73, initialising="models:Chat", apps=[]),
    ]
    running = {"id": 17, "app": "models:Chat", "action": "generate", "worker": "dirty:1", "client": 812}
    waiting = {"id": 18, "app": "models:Huge", "action": "predict", "worker": None, "client": 813}
    app = {"errors": 0, "waited_p50": None, "waited_p99": None, "ran_p50": None, "ran_p99": None}
    measured = {"waited_p50": 0.00041, "waited_p99": 0.0124, "ran_p50": 0.12, "ran_p99": 2.34}
    return {
        "name": "dirty",
        "socket": "/run/app-supervisor/dirty.sock",
        "workers_wanted": 3,
        "minimum": 2,
        "arbiter_pid": 70,
        "queued": 1,
        "clients": 14,
        "refused": 3,
        "timed_out": 1,
        "calls": [
            {**waiting, "seconds": 1.2, "is_stream": False},
            {**running, "seconds": 2.34, "is_stream": True},
        ],
        "workers": workers,
        "apps": [
            {**app, "app": "models:Chat", "queued": 0, "oldest": 0.0, "calls": 127, "errors": 2, **measured},
            {**app, "app": "models:Huge", "queued": 1, "oldest": 1.2, "calls": 0},
        ],
        "stash": "/run/app-supervisor/stash",
        **changes,
    }


def worker(name: str, **changes: Any) -> Message:
    """A worker of that reply, idle unless told otherwise."""
    return {
        "name": name,
        "pid": 71,
        "apps": ["models:Chat"],
        "state": "idle",
        "initialising": None,
        "calls": 0,
        "errors": 0,
        "memory": None,
        "age": 192.0,
        **changes,
    }


@pytest.fixture
def with_pool(daemon: Daemon, program: Make, status_of: Make) -> Make:
    """Script a daemon with the pool "dirty" (its report, its workers as programs) and the companion "web"."""

    def script(report: Message | None = None, *workers: Message) -> None:
        starting = program("dirty:3", pid=73, state="STARTING", description="pid 73, waiting for READY=1")
        arbiter = program("dirty:arbiter", pid=70, description="pid 70, uptime 0:03:12")
        workers = workers or (program("dirty:1", pid=71), program("dirty:2", pid=72), starting)
        programs = [arbiter, *workers, program("web")]
        report = report or report_of()
        pools = [{"name": "dirty", "socket": "/run/app-supervisor/dirty.sock"}]

        def status(request: Message) -> Message:
            named = [request["name"]] if isinstance(request.get("name"), str) else request.get("name")
            chosen = [p for p in programs if not named or {p["companion"], p["name"]} & set(named)]
            return {**status_of(*chosen), "pools": pools}

        daemon.answer("status", status)
        daemon.answer("pool", {"ok": True, "pool": report})

    return script


def test_status_of_a_pool_is_two_lines_and_two_tables(daemon: Daemon, supctl: Run, with_pool: Make) -> None:
    """The pool as a whole; what each worker does and for how long; how long the calls of each app take."""
    with_pool()
    outcome = supctl("status", "dirty")
    assert outcome.out.splitlines() == [
        "dirty: 2 of 3 workers ready, /run/app-supervisor/dirty.sock",
        "queue 1 (oldest 1.2s), waiting p50 410us p99 12ms, 14 clients, 3 refused, 1 timed out",
        "",
        "WORKER   STATE         PID  CALLS  ERRORS  MEMORY       AGE  DOING",
        "dirty:1  busy           71    120       2    1.2G  3min 12s  models:Chat:generate for 2.3s",
        "dirty:2  idle           72      7       0   44.7M  3min 12s",
        "dirty:3  initialising   73      0       0       -  3min 12s  init of models:Chat",
        "",
        "APP          WORKERS  QUEUED  OLDEST  CALLS  ERRORS  WAIT P50   P99  RUN P50   P99",
        "models:Chat        2       0       -    127       2     410us  12ms    120ms  2.3s",
        "models:Huge        0       1    1.2s      0       0         -     -        -     -",
    ]
    assert outcome.status == 3  # a worker is not there yet


def test_a_pool_and_a_program_can_be_named_together(supctl: Run, with_pool: Make) -> None:
    """The pool first, then the table of the others."""
    with_pool()
    assert supctl("status", "dirty", "web").out.splitlines()[-1] == "web   RUNNING   pid 4242, uptime 0:03:12"


def test_a_worker_of_a_pool_is_a_program_like_any_other(daemon: Daemon, supctl: Run, with_pool: Make) -> None:
    """`status dirty:1` shows its details and asks nothing of the pool."""
    with_pool()
    outcome = supctl("status", "dirty:1")
    assert (outcome.status, outcome.out.splitlines()[0].split()[:2]) == (0, ["dirty:1", "RUNNING"])
    assert [request["cmd"] for request in daemon.requests] == ["status"]


def test_a_failing_init_is_told_with_its_reason(supctl: Run, with_pool: Make, program: Make) -> None:
    """A worker that is not connected is shown as the daemon knows it: state, reason, what comes next."""
    reason = "init of models:Huge failed: FileNotFoundError: weights.bin"
    failing = program(
        "dirty:2", state="BACKOFF", pid=None, status_text=reason, uptime=None,
        description="exited with status 3 after 0.2s, restart in 4s",
    )  # fmt: skip
    report = report_of(workers=[worker("dirty:1")], workers_wanted=2, calls=[])
    with_pool(report, program("dirty:1", pid=71), failing)
    outcome = supctl("status", "dirty")
    row = (
        f"dirty:2  BACKOFF    -      -       -       -         -  {reason}; exited with status 3 after 0.2s, "
    )
    assert row + "restart in 4s" in outcome.out.splitlines()
    assert outcome.status == 3


def test_a_pool_whose_workers_all_run_is_status_0(supctl: Run, with_pool: Make, program: Make) -> None:
    """A worker on its way out, beside as many as are wanted, is no reason to fail."""
    workers = [worker("dirty:1", state="leaving"), worker("dirty:2", pid=72), worker("dirty:3", pid=73)]
    leaving = program("dirty:1", state="STOPPING")
    with_pool(report_of(workers=workers, workers_wanted=2), leaving, program("dirty:2"), program("dirty:3"))
    outcome = supctl("status", "dirty")
    assert outcome.status == 0
    assert [line.split()[1] for line in outcome.out.splitlines() if line.startswith("dirty:")][1:] == [
        "STOPPING",
        "idle",
        "idle",
    ]


def test_many_calls_of_one_worker_are_counted(supctl: Run, with_pool: Make) -> None:
    """A worker with many threads has a line like the others: the longest calls, and how many more."""
    call = {"app": "a:A", "action": "x", "worker": "dirty:1", "client": 1, "is_stream": False}
    with_pool(report_of(calls=[{**call, "id": n, "seconds": float(n)} for n in range(1, 6)]))
    assert "a:A:x for 5s, a:A:x for 4s, a:A:x for 3s, 2 more" in supctl("status", "dirty").out


@pytest.mark.parametrize("form", ["in the report", "refused", "late"])
def test_an_arbiter_that_does_not_answer_leaves_the_programs(
    daemon: Daemon, supctl: Run, with_pool: Make, program: Make, form: str
) -> None:
    """What the daemon knows is shown all the same; the command fails."""
    words = "the arbiter of dirty does not answer"
    with_pool(None, program("dirty:1"))
    code = "timeout" if form == "late" else "failed"
    refusal = {"ok": False, "error": words, "code": code}
    in_report = {"ok": True, "pool": {"name": "dirty", "workers_wanted": 1, "error": words}}
    daemon.answer("pool", in_report if form == "in the report" else refusal)
    outcome = supctl("status", "dirty")
    assert outcome.out.splitlines()[0] == f"dirty: {words}"
    assert [line.split()[0] for line in outcome.out.splitlines()[2:]] == ["dirty:arbiter", "dirty:1"]
    assert outcome.status == 1
    shown = supctl("pool", "dirty")
    assert (shown.status, shown.out) == (1, outcome.out)
    assert supctl("pool", "dirty", "--json").json["error"] == words


def test_trouble_beside_a_report_is_a_line_of_its_own(supctl: Run, with_pool: Make) -> None:
    """What the daemon has against a pool that serves does not hide how it is."""
    with_pool(report_of(error="models:Huge asks for 4 workers, there are 3"))
    lines = supctl("status", "dirty").out.splitlines()
    assert lines[2] == "models:Huge asks for 4 workers, there are 3"
    assert "       trouble: models:Huge asks for 4 workers, there are 3" in supctl("pool", "dirty").out
    assert "dirty:1" in lines[5]


def test_a_pool_that_cannot_listen_is_named_by_status(
    daemon: Daemon, supctl: Run, status_of: Make, program: Make
) -> None:
    """It has no programs that could tell; what was named is shown alone."""
    pools = [{"name": "images", "error": "/run/images.sock: address in use"}]
    daemon.answer("status", {**status_of(program("web")), "pools": pools})
    assert supctl("status").out.splitlines()[1:] == ["pool images: /run/images.sock: address in use"]
    assert "images" not in supctl("status", "web").out
    daemon.answer("status", {**status_of(), "pools": pools})
    assert supctl("status").out == "pool images: /run/images.sock: address in use\n"
    refusal = {"ok": False, "error": "pool images does not run: address in use", "code": "failed"}
    daemon.answer("pool", refusal)
    outcome = supctl("pool", "images")
    assert (outcome.status, outcome.out) == (1, "images: pool images does not run: address in use\n")


def test_json_of_a_pools_status_has_its_report(supctl: Run, with_pool: Make) -> None:
    """One document: the status reply, its `pools` being what was asked for in full."""
    with_pool()
    reply = supctl("status", "dirty", "--json").json
    assert reply["pools"] == [report_of()]
    assert [program["name"] for program in reply["companions"]][:2] == ["dirty:arbiter", "dirty:1"]


def test_pool_shows_each_call_with_its_id(supctl: Run, with_pool: Make) -> None:
    """Labelled lines, the tables of status, and the calls: running ones first, the longest on top."""
    with_pool()
    outcome = supctl("pool", "dirty")
    assert outcome.status == 0
    lines = outcome.out.splitlines()
    assert lines[:10] == [
        "dirty: 2 of 3 workers ready",
        "        socket: /run/app-supervisor/dirty.sock",
        "       arbiter: pid 70, uptime 0:03:12",
        "        queued: 1",
        "       waiting: p50 410us, p99 12ms",
        "       clients: 14",
        "       refused: 3",
        "     timed out: 1",
        "       minimum: 2 workers, required by the apps",
        "         stash: /run/app-supervisor/stash",
    ]
    assert lines[-3:] == [
        "CALL  WHERE     FOR  CLIENT  WHAT",
        "  17  dirty:1  2.3s     812  models:Chat:generate (stream)",
        "  18  queued   1.2s     813  models:Huge:predict",
    ]
    assert supctl("pool", "dirty", "--json").json == {"ok": True, "pool": report_of()}


def test_verbose_status_of_a_pool_is_what_pool_shows(supctl: Run, with_pool: Make) -> None:
    """-v is for details, here too."""
    with_pool()
    assert supctl("status", "dirty", "-v").out == supctl("pool", "dirty").out


def test_an_unknown_pool_is_refused(daemon: Daemon, supctl: Run, with_pool: Make) -> None:
    """The daemon's sentence, and status 1."""
    with_pool()
    refusal = {
        "ok": False,
        "error": 'no pool is called "drity"; did you mean "dirty"?',
        "code": "unknown_program",
    }
    daemon.answer("pool", refusal)
    outcome = supctl("pool", "drity")
    assert (outcome.status, outcome.err) == (1, f"supctl: {refusal['error']}\n")


def test_a_call_is_cancelled_by_its_id(daemon: Daemon, supctl: Run) -> None:
    """The request names pool and call; what the daemon says is printed."""
    daemon.answer("cancel", {"ok": True, "message": "cancelled"})
    assert supctl("pool", "dirty", "cancel", "17").out == "dirty: call 17: cancelled\n"
    assert daemon.asked("cancel") == {"cmd": "cancel", "pool": "dirty", "call": 17, "id": 1}


def test_a_call_that_is_over_cannot_be_cancelled(daemon: Daemon, supctl: Run) -> None:
    """Status 1 with the reason."""
    daemon.answer("cancel", {"ok": False, "error": "dirty has no call 17", "code": "refused"})
    outcome = supctl("pool", "dirty", "cancel", "17")
    assert (outcome.status, outcome.err) == (1, "supctl: dirty has no call 17\n")


@pytest.mark.parametrize(
    "args", [["cancel"], ["cancel", "x"], ["cancel", "-1"], ["kill", "17"], ["cancel", "1", "2"]]
)
def test_wrong_usage_of_pool_is_status_2(daemon: Daemon, supctl: Run, args: list[str]) -> None:
    """Nothing is asked of the daemon."""
    assert supctl("pool", "dirty", *args).status == 2
    assert daemon.requests == []


def test_a_pool_is_scaled_in_workers(daemon: Daemon, supctl: Run) -> None:
    """The same command and request as for companions."""
    daemon.answer("scale", {"ok": True, "name": "dirty", "workers": 4, "added": ["dirty:4"], "removed": []})
    assert supctl("scale", "dirty", "+1").out == "dirty:4: added\ndirty: 4 workers\n"
    assert daemon.asked("scale")["count"] == "+1"


def test_a_pool_below_its_minimum_is_refused(daemon: Daemon, supctl: Run) -> None:
    """The daemon's sentence as it is, and status 1."""
    sentence = "Cannot decrease below 3 workers (required by app specs)"
    daemon.answer("scale", {"ok": False, "error": sentence, "code": "refused"})
    outcome = supctl("scale", "dirty", "-1")
    assert (outcome.status, outcome.err) == (1, f"supctl: {sentence}\n")


def test_what_programs_call_themselves_does_not_reach_the_terminal(supctl: Run, with_pool: Make) -> None:
    """Actions are named by clients: control characters are spelled out."""
    call = {"id": 1, "app": "a:A", "action": "\x1b[2J\n", "worker": "dirty:1", "client": 1, "seconds": 1.0}
    with_pool(report_of(calls=[call]))
    assert r"a:A:\x1b[2J\n for 1s" in supctl("pool", "dirty").out


def test_pools_and_calls_are_completed(
    daemon: Daemon, supctl: Run, with_pool: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names of pools; the ids of its calls, with what each calls; scale takes pools as well."""
    with_pool()
    monkeypatch.setenv("_SUPCTL_COMPLETE", "1")
    assert supctl("pool", "").out == "plain\tdirty\t\n"
    assert supctl("pool", "dirty", "c").out == "plain\tcancel\t\n"
    assert supctl("pool", "dirty", "cancel", "").out.splitlines() == [
        "plain\t18\tmodels:Huge:predict, 1.2s",
        "plain\t17\tmodels:Chat:generate, 2.3s",
    ]
    assert supctl("scale", "di").out.splitlines()[0] == "plain\tdirty\t"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.0, "0s"),
        (4.5e-5, "45us"),
        (0.00041, "410us"),
        (0.0012, "1.2ms"),
        (0.00996, "10ms"),
        (0.1204, "120ms"),
        (0.9996, "1s"),
        (2.34, "2.3s"),
        (192.0, "3min 12s"),
    ],
)
def test_short_times_have_two_or_three_digits(seconds: float | None, text: str) -> None:
    """From microseconds to what systemd writes."""
    assert brief(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(None, "-"), (0, "0"), (1023, "1023"), (1024, "1.0K"), (46_871_347, "44.7M"), (2**40, "1.0T")],
)
def test_sizes_have_the_suffixes_of_the_configuration(count: int | None, text: str) -> None:
    """Base 1024, one decimal."""
    assert size(count) == text


def test_columns_are_as_wide_as_they_must_be() -> None:
    """Numbers flush right, text flush left, colour not counted, no space at the end of a line."""
    heads = (Column("STATE", painted=True), Column("N", right=True), Column("WHAT"))
    assert columns(heads, [["idle", "7", "a\n"], ["FATAL", "1234", ""]], colour=True) == [
        "STATE     N  WHAT",
        "\x1b[32midle\x1b[0m      7  a\\n",
        "\x1b[31mFATAL\x1b[0m  1234",
    ]
