"""after: what is started once something is ready, and stopped before it."""

from tests.integration.daemon import QUICK, Daemon, command
from tests.integration.orders import Orders

NOTIFIES = "notify = true\n"
OBEYS = command("obeys")


def test_start_waits_until_the_other_is_ready(daemon: Daemon, orders: Orders) -> None:
    """A program starts only when the one it comes after has said READY=1."""
    daemon.configure(f'{QUICK}[companions.top]\n{OBEYS}after = "base"\n[companions.base]\n{OBEYS}{NOTIFIES}')
    daemon.launch()
    base = orders.next("base")
    with daemon.events(past=50) as events:
        events.until("top", "STARTING")
        assert daemon.program("top")["description"] == "waiting for base (STARTING)"
        base.do("notify READY=1")
        orders.next("top")
        events.until("top", "RUNNING")
    daemon.wait_told("READY=1")


def test_stop_goes_the_other_way(daemon: Daemon, orders: Orders) -> None:
    """A program is asked to stop only when those that come after it are gone."""
    daemon.configure(f'{QUICK}[companions.base]\n{OBEYS}[companions.top]\n{OBEYS}after = ["base"]\n')
    daemon.launch()
    base, top = orders.next("base").do("trap SIGTERM"), orders.next("top").do("trap SIGTERM")
    daemon.wait_told("READY=1")
    reply = daemon.do("stop", name="all", wait=False)
    assert reply["ok"]
    assert top.hear() == "trapped"
    assert "to be stopped after top" in daemon.program("base")["description"]
    top.do("exit 0")
    assert base.hear() == "trapped"
    base.do("exit 0")
    daemon.wait("all", "stopped")


def test_a_one_shot_lets_the_others_in(daemon: Daemon, orders: Orders) -> None:
    """What comes after a one-shot starts when that has finished successfully."""
    daemon.configure(
        f'{QUICK}[companions.migrate]\n{OBEYS}restart = "never"\nstartsecs = 60\n'
        f'[companions.web]\n{OBEYS}after = "migrate"\n'
    )
    daemon.launch()
    migrate = orders.next("migrate")
    with daemon.events(past=50) as events:
        events.until("web", "STARTING")
        migrate.do("exit 0")
        events.until("migrate", "EXITED")
        orders.next("web")
    daemon.wait_told("READY=1")
    assert daemon.states() == {"migrate": "EXITED", "web": "RUNNING"}


def test_a_failed_one_shot_keeps_the_others_out(daemon: Daemon, orders: Orders) -> None:
    """When a one-shot fails, what comes after it waits and says why, and the daemon is ready all the same."""
    daemon.configure(
        f'{QUICK}[companions.migrate]\n{OBEYS}restart = "never"\nstartsecs = 60\n'
        f'[companions.web]\n{OBEYS}after = "migrate"\n'
    )
    daemon.launch()
    orders.next("migrate").do("exit 3")
    daemon.wait_told("READY=1")
    assert daemon.states() == {"migrate": "EXITED", "web": "STARTING"}
    assert "migrate (EXITED: exited with status 3" in daemon.program("web")["description"]
    with daemon.connect() as client:
        client.send({"cmd": "start", "name": ["migrate", "web"]})
        orders.next("migrate").do("exit 0")
        orders.next("web")
        assert client.receive()["ok"]


def test_a_program_that_waits_can_be_stopped(daemon: Daemon, orders: Orders) -> None:
    """A program that waits for another can be stopped before it was ever launched."""
    daemon.configure(f'{QUICK}[companions.base]\n{OBEYS}{NOTIFIES}[companions.top]\n{OBEYS}after = "base"\n')
    daemon.launch()
    base = orders.next("base")
    assert daemon.do("stop", name="top")["results"][0]["state"] == "STOPPED"
    base.do("notify READY=1")
    daemon.wait_told("READY=1")
    assert orders.nobody_came()
    assert daemon.states() == {"base": "RUNNING", "top": "STOPPED"}


def test_a_restart_of_the_base_leaves_the_top(daemon: Daemon, orders: Orders) -> None:
    """Restarting a program does not touch those that come after it."""
    daemon.configure(f'{QUICK}[companions.base]\n{OBEYS}[companions.top]\n{OBEYS}after = "base"\n')
    daemon.launch()
    before = orders.next("base").pid, orders.next("top").pid
    daemon.wait_told("READY=1")
    daemon.do("restart", name="base")
    assert daemon.pids()["base"] != before[0]
    assert daemon.pids()["top"] == before[1]


def test_every_instance_has_to_be_ready(daemon: Daemon, orders: Orders) -> None:
    """A program that comes after a companion waits for each of its instances."""
    daemon.configure(
        f'{QUICK}[companions.base]\n{OBEYS}{NOTIFIES}instances = 2\n[companions.top]\n{OBEYS}after = "base"\n'
    )
    daemon.launch()
    first, second = orders.next(), orders.next()
    with daemon.events() as events:
        first.do("notify READY=1")
        events.until(first.name, "RUNNING")
        assert daemon.states()["top"] == "STARTING"
        assert orders.nobody_came()
        second.do("notify READY=1")
        orders.next("top")


def test_start_of_all_keeps_the_order(daemon: Daemon, orders: Orders) -> None:
    """One start of several programs keeps their order, wherever they stand in the file."""
    daemon.start(
        f"{QUICK}autostart = false\n"
        f'[companions.top]\n{OBEYS}after = "base"\n[companions.base]\n{OBEYS}{NOTIFIES}'
    )
    daemon.do("start", name="all", wait=False)
    base = orders.next("base")
    assert daemon.states() == {"top": "STARTING", "base": "STARTING"}
    assert orders.nobody_came()
    base.do("notify READY=1")
    orders.next("top")


def test_restart_of_all_goes_down_and_up_in_order(daemon: Daemon, orders: Orders) -> None:
    """One restart of several programs stops what comes after first, and starts it last."""
    daemon.configure(f'{QUICK}[companions.base]\n{OBEYS}[companions.top]\n{OBEYS}after = "base"\n')
    daemon.launch()
    base, top = orders.next("base").do("trap SIGTERM"), orders.next("top").do("trap SIGTERM")
    daemon.wait_told("READY=1")
    daemon.do("restart", name="all", wait=False)
    assert top.hear() == "trapped"
    top.do("exit 0")
    assert base.hear() == "trapped"
    base.do("exit 0")
    orders.next("base")
    orders.next("top")
