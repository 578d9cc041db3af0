"""Users and groups of this machine, asked once per name."""

import grp
import pwd
from collections.abc import Iterable
from functools import cache

PROJECT_ACCOUNT = "app-supervisor"


class Accounts:
    """What the user and group databases say, remembered for one reading of the configuration."""

    def __init__(self) -> None:
        self.home = cache(self._home)
        self.has_group = cache(self._has_group)

    def has_user(self, name: str) -> bool:
        """Return whether there is a user of this name."""
        return self.home(name) is not None

    def default_user(self, uid: int) -> str | None:
        """Return the user programs run as where the file names none: only root can give its rights away."""
        return PROJECT_ACCOUNT if uid == 0 and self.has_user(PROJECT_ACCOUNT) else None

    def users(self) -> Iterable[str]:
        """Return the names of all users."""
        return [entry.pw_name for entry in pwd.getpwall()]

    def groups(self) -> Iterable[str]:
        """Return the names of all groups."""
        return [entry.gr_name for entry in grp.getgrall()]

    def _home(self, user: str) -> dict[str, str] | None:
        """Return HOME, USER and LOGNAME of a user given by name or number."""
        try:
            entry = pwd.getpwuid(int(user)) if user.isdecimal() else pwd.getpwnam(user)
        except (KeyError, OverflowError):
            return None
        return {"HOME": entry.pw_dir, "USER": entry.pw_name, "LOGNAME": entry.pw_name}

    def _has_group(self, name: str) -> bool:
        try:
            grp.getgrnam(name)
        except KeyError:
            return False
        return True
