"""Users and groups by name or number."""

import grp
import os
import pwd

import pytest

from supervisord_lite.linux.identity import UnknownAccount, account, group_id

ROOT = pwd.getpwuid(0)
OTHER = next(entry for entry in pwd.getpwall() if entry.pw_uid not in (0, os.geteuid()))
GROUP = next(entry for entry in grp.getgrall() if entry.gr_gid != OTHER.pw_gid)
NOBODY_HAS = 4_000_000_001


@pytest.mark.parametrize("user", [OTHER.pw_name, str(OTHER.pw_uid)])
def test_a_user_by_name_or_number(user: str) -> None:
    """With its own group, home and shell, and its supplementary groups."""
    found = account(user, None)
    assert (found.uid, found.gid, found.name) == (OTHER.pw_uid, OTHER.pw_gid, OTHER.pw_name)
    assert set(found.groups) == set(os.getgrouplist(OTHER.pw_name, OTHER.pw_gid))
    assert found.environment == {
        "HOME": OTHER.pw_dir,
        "USER": OTHER.pw_name,
        "LOGNAME": OTHER.pw_name,
        "SHELL": OTHER.pw_shell,
    }


@pytest.mark.parametrize("group", [GROUP.gr_name, str(GROUP.gr_gid)])
def test_another_group_replaces_its_own(group: str) -> None:
    """And is among the groups of the process."""
    found = account(OTHER.pw_name, group)
    assert found.gid == GROUP.gr_gid
    assert GROUP.gr_gid in found.groups


def test_nobody_in_particular_is_this_process() -> None:
    """Without a user it is who the daemon is."""
    found = account(None, None)
    assert (found.uid, found.gid) == (os.geteuid(), os.getegid())
    assert found.groups == tuple(os.getgroups())


def test_only_another_group() -> None:
    """The daemon's own user in another group."""
    found = account(None, GROUP.gr_name)
    assert (found.uid, found.gid) == (os.geteuid(), GROUP.gr_gid)


def test_a_number_without_an_entry_is_an_identity() -> None:
    """As in containers, and with DynamicUser=."""
    found = account(str(NOBODY_HAS), None)
    assert (found.uid, found.gid, found.name, found.home) == (NOBODY_HAS, NOBODY_HAS, str(NOBODY_HAS), "/")


@pytest.mark.parametrize("name", ["no-such-name", "", "²", "-1"])
def test_an_unknown_name_is_refused(name: str) -> None:
    """User or group, the sentence repeats it."""
    with pytest.raises(UnknownAccount, match=f'^no user is called "{name}"$'):
        account(name, None)
    with pytest.raises(UnknownAccount, match=f'^no group is called "{name}"$'):
        account(ROOT.pw_name, name)
    with pytest.raises(UnknownAccount, match=f'^no group is called "{name}"$'):
        group_id(name)


@pytest.mark.parametrize("group", [GROUP.gr_name, str(GROUP.gr_gid)])
def test_a_group_has_a_number(group: str) -> None:
    """By name or as written."""
    assert group_id(group) == GROUP.gr_gid
