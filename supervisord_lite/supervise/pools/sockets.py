"""The listening sockets of a pool: its clients' and its workers'. They outlive arbiters."""

import asyncio
import socket
from collections.abc import MutableMapping
from pathlib import Path

from supervisord_lite.config.program import Launch, Pool
from supervisord_lite.linux.identity import UnknownAccount, account
from supervisord_lite.linux.listening import BACKLOG, Access, CannotListen, Listener, bind, inherit, is_served
from supervisord_lite.model.states import State, Wanted
from supervisord_lite.supervise.handing import Handed
from supervisord_lite.supervise.program import Supervised

AT_A_TIME = 64
"""Clients that are sent away in one turn of the loop."""

Inherited = MutableMapping[str, list[socket.socket]]


class Sockets:
    """Both, as an arbiter gets them."""

    def __init__(self, public: Listener, backstage: Listener) -> None:
        self.public = public
        self.backstage = backstage
        self._is_turning_away = False

    @property
    def handed(self) -> tuple[Handed, ...]:
        """The descriptors of an arbiter, from 3 on."""
        return (
            Handed("public", self.public.sock.fileno()),
            Handed("backstage", self.backstage.sock.fileno()),
        )

    def mind(self, arbiter: Supervised | None) -> None:
        """While it is to stay down, clients are sent away; for one that comes back they wait."""
        is_down = arbiter is not None and arbiter.life.wanted is Wanted.DOWN
        self._turn_away(is_down and arbiter is not None and arbiter.life.state is State.STOPPED)

    def _turn_away(self, is_so: bool) -> None:
        if is_so == self._is_turning_away:
            return
        self._is_turning_away = is_so
        loop, sock = asyncio.get_running_loop(), self.public.sock
        if is_so:
            loop.add_reader(sock, self._hang_up)
        else:
            loop.remove_reader(sock)

    def _hang_up(self) -> None:
        for _ in range(AT_A_TIME):
            try:
                self.public.sock.accept()[0].close()
            except OSError:  # nobody else waits, or it has left already
                return

    def close(self) -> None:
        """Listen no more."""
        self._turn_away(False)
        self.public.close()
        self.backstage.close()


def listen(pool: Pool, inherited: Inherited) -> Sockets:
    """Take the socket that systemd passed under the pool's name, or bind its path. Raises `CannotListen`."""
    owner = _owner(pool.launch)
    given = inherited.pop(pool.name, None)
    if given:
        public = inherit(given[0], pool.name)
    else:
        public = _bind(Path(pool.socket), Access(pool.socket_mode, pool.socket_group, owner))
    try:
        return Sockets(public, _bind(Path(pool.backstage), Access(0o600, None, owner)))
    except CannotListen:
        public.close()
        raise


def moved(ours: Sockets, old: Pool, new: Pool) -> Sockets:
    """What the new definition needs: the same where they only open to others. Raises `CannotListen`.

    A socket of systemd's stays where it is.
    """
    owner = _owner(new.launch)
    public, backstage = ours.public, ours.backstage
    access = Access(new.socket_mode, new.socket_group, owner)
    if public.is_ours and old.socket != new.socket:
        public = _bind(Path(new.socket), access)
        ours.public.close()
    elif access != Access(old.socket_mode, old.socket_group, _owner(old.launch)):
        public.open_to(access)
    if owner != _owner(old.launch):
        backstage.open_to(Access(0o600, None, owner))
    return ours if public is ours.public else Sockets(public, backstage)


def _owner(launch: Launch) -> tuple[int, int] | None:
    if launch.user is None and launch.group is None:
        return None
    try:
        who = account(launch.user, launch.group)
    except UnknownAccount as error:
        raise CannotListen(str(error)) from error
    return who.uid, who.gid


def _bind(path: Path, access: Access) -> Listener:
    if is_served(path):
        raise CannotListen(f"cannot listen on {path}: another process does; stop it, or use another path")
    try:
        listener = bind(path, access)
    except OSError as error:
        raise CannotListen(f"cannot listen on {path}: {error.strerror or error}") from error
    listener.sock.listen(BACKLOG)
    return listener
