"""Users and groups by name or number, as the kernel wants them."""

import grp
import os
import pwd

from msgspec import Struct


class Account(Struct, frozen=True):
    """Whose process it is: numbers for the kernel, and what HOME, USER, LOGNAME and SHELL say."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    name: str
    home: str
    shell: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables that login(1) sets."""
        return {"HOME": self.home, "USER": self.name, "LOGNAME": self.name, "SHELL": self.shell}


class UnknownAccount(LookupError):
    """No user or group of this name."""


def account(user: str | None, group: str | None) -> Account:
    """The account of a user (None: of this process) with its supplementary groups (initgroups(3)).

    `group` replaces the primary group. Raises `UnknownAccount`.
    """
    entry = _user(user)
    gid = entry.pw_gid if group is None else _group(group)
    if user is None:
        return Account(os.geteuid(), os.getegid() if group is None else gid, tuple(os.getgroups()),
                       entry.pw_name, entry.pw_dir, entry.pw_shell)  # fmt: skip
    groups = tuple(os.getgrouplist(entry.pw_name, gid))
    return Account(entry.pw_uid, gid, groups, entry.pw_name, entry.pw_dir, entry.pw_shell)


def group_id(group: str) -> int:
    """The number of a group. Raises `UnknownAccount`."""
    return _group(group)


def _user(user: str | None) -> pwd.struct_passwd:
    uid = os.geteuid() if user is None else int(user) if user.isdecimal() else None
    try:
        return pwd.getpwuid(uid) if uid is not None else pwd.getpwnam(str(user))
    except KeyError:
        if uid is None:
            raise UnknownAccount(f'no user is called "{user}"') from None
    # A number without an entry is a valid identity (containers, DynamicUser=).
    return pwd.struct_passwd((str(uid), "x", uid, os.getegid() if user is None else uid, "", "/", "/bin/sh"))


def _group(group: str) -> int:
    if group.isdecimal():
        return int(group)
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise UnknownAccount(f'no group is called "{group}"') from None
