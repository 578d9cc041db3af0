"""The control socket among many clients."""

import asyncio
import grp
import os
import signal
import socket
from pathlib import Path

import pytest

from supervisord_lite.control.peers import Gate

from .talk import Client, Talk

NOBODY = 65534


async def answers(client: Client) -> str:
    """What becomes of a request: "ok", the code of a refusal, or "closed"."""
    try:
        return (await client.ask("status")).get("code", "ok")
    except (AssertionError, ConnectionResetError, BrokenPipeError):
        return "closed"


async def test_the_oldest_idle_connection_makes_room(talk: Talk) -> None:
    """It is told why; the others stay."""
    talk.max_clients = 3
    async with talk:
        clients = [await talk.connect() for _ in range(3)]
        assert [await answers(client) for client in clients] == ["ok"] * 3
        newest = await talk.connect()
        assert await answers(newest) == "ok"
        assert (await clients[0].reply())["code"] == "busy"
        assert await clients[0].is_closed()
        assert [await answers(client) for client in clients[1:]] == ["ok", "ok"]


async def test_a_busy_connection_is_spared(talk: Talk) -> None:
    """As long as another is idle."""
    talk.max_clients = 2
    async with talk:
        busy, idle = await talk.connect(), await talk.connect()
        busy.send({"cmd": "wait", "name": "web"})
        await talk.commands.waiting.wait()
        assert await answers(idle) == "ok"
        assert await answers(await talk.connect()) == "ok"
        assert (await idle.reply())["code"] == "busy"
        talk.commands.released.set()
        assert (await busy.reply())["said"] == "wait"


async def test_if_all_are_busy_the_oldest_goes(talk: Talk) -> None:
    """Somebody can always get through, an operator with `supctl` among them."""
    talk.max_clients = 1
    async with talk:
        busy = await talk.connect()
        busy.send({"cmd": "wait", "name": "web"})
        await talk.commands.waiting.wait()
        assert await answers(await talk.connect()) == "ok"
        assert (await busy.reply())["code"] == "busy"
        assert len(talk.commands.cancelled) == 1


async def test_a_crowd_is_answered_or_turned_away(talk: Talk) -> None:
    """However many connect at a time, nobody is left without an answer or an end."""
    talk.max_clients = 4
    async with talk:
        crowd = [socket.socket(socket.AF_UNIX) for _ in range(40)]
        for sock in crowd:
            sock.connect(str(talk.path))
        clients = [Client(*await asyncio.open_unix_connection(sock=sock)) for sock in crowd]
        async with asyncio.timeout(3.0):
            fates = await asyncio.gather(*map(answers, clients))
        assert set(fates) <= {"ok", "busy", "closed"}
        assert fates.count("ok") >= talk.max_clients
        for client in clients:
            await client.close()


async def test_a_closed_server_takes_nobody(talk: Talk) -> None:
    """And ends the connections it has."""
    async with talk:
        client = await talk.connect()
        assert await answers(client) == "ok"
        await talk.server.close()
        assert await client.is_closed()
        with pytest.raises(ConnectionRefusedError):
            await talk.connect()


class Peer:
    """A connection from a process of another user."""

    def __init__(self, path: Path, uid: int, gid: int, groups: list[int]) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        path.chmod(0o666)
        for directory in path.parents[:3]:
            directory.chmod(directory.stat().st_mode | 0o111)
        self._listener.listen()
        self._pid = os.fork()
        if self._pid == 0:
            self._connect(path, uid, gid, groups)
        self._listener.settimeout(5.0)
        self.socket, _ = self._listener.accept()

    def _connect(self, path: Path, uid: int, gid: int, groups: list[int]) -> None:
        try:
            os.setgroups(groups)
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(path))
            signal.pause()
        finally:
            os._exit(1)

    def close(self) -> None:
        """It leaves."""
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        self.socket.close()
        self._listener.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user takes root")
@pytest.mark.parametrize(
    ("gid", "groups", "admitted_group", "is_admitted"),
    [
        (NOBODY, [], None, False),
        (NOBODY, [], 4, False),
        (4, [], 4, True),
        (NOBODY, [4], 4, True),
        (NOBODY, [5, 4, 6], 4, True),
    ],
)
def test_another_user_is_admitted_by_group(
    tmp_path: Path, gid: int, groups: list[int], admitted_group: int | None, is_admitted: bool
) -> None:
    """Primary or supplementary; without it the sentence says who was refused, and what decides."""
    peer = Peer(tmp_path / "sock", NOBODY, gid, groups)
    refusal = Gate(admitted_group).refusal(peer.socket)
    peer.close()
    if is_admitted:
        assert refusal is None
    else:
        assert refusal is not None
        assert refusal.startswith(f"user {NOBODY} (process ")
        assert refusal.endswith(") may not command this daemon; see control_socket_group")


def test_oneself_is_admitted() -> None:
    """The daemon's own user, whatever the group."""
    ours, theirs = socket.socketpair()
    assert Gate(grp.getgrall()[-1].gr_gid).refusal(ours) is None
    ours.close()
    theirs.close()


async def test_who_has_to_go_goes_also_when_it_says_no_more(talk: Talk) -> None:
    """A client that only waits for its reply is turned away like any other."""
    talk.max_clients = 1
    async with talk:
        busy = await talk.connect()
        busy.send({"cmd": "wait", "name": "web"})
        busy.writer.write_eof()
        await talk.commands.waiting.wait()
        assert await answers(await talk.connect()) == "ok"
        assert (await busy.reply())["code"] == "busy"
        assert await busy.is_closed()
