"""From what was given to what holds: expanded, absolute, and checked against the machine it will run on.

Every method notes a problem and returns None (or leaves the item out) where something is wrong, so that
reading goes on. Answers of the machine are kept for one reading: 500 companions ask the same few things.
"""

import os
import stat
from collections.abc import Iterable, Mapping

from supervisord_lite.config.account import Accounts
from supervisord_lite.config.contents import read_regular
from supervisord_lite.config.environment_file import parse_environment
from supervisord_lite.config.expansion import Scope, expand
from supervisord_lite.config.given import Given, Section
from supervisord_lite.config.problem import Problems
from supervisord_lite.config.value import nearest, shown


class Resolver:
    """Expands and checks given values against this machine."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.accounts = Accounts()
        self._directories: dict[str, str | None] = {}
        self._parents: dict[str, str | None] = {}
        self._files: dict[str, dict[str, str] | str | None] = {}

    def refuse(self, given: Given, message: str) -> None:
        """Note a problem with a value where it was given."""
        self.problems.add(given.file, given.key, message)

    def texts(self, given: Given | None, scope: Scope) -> tuple[str, ...]:
        """Return the expanded texts of a value that has several."""
        if given is None:
            return ()
        found = (self._expanded(given, text, scope) for text in given.value)
        return tuple(text for text in found if text is not None)

    def text(self, given: Given | None, scope: Scope) -> str | None:
        """Return the expanded text, which must not be empty."""
        if given is None:
            return None
        text = self._expanded(given, given.value, scope)
        if text == "":
            self.refuse(given, f"comes to nothing: {shown(given.value)} expands to an empty text")
            return None
        return text

    def path(self, given: Given | None, scope: Scope) -> str | None:
        """Return the absolute path; a relative one begins at the directory of the file it stands in."""
        text = self.text(given, scope)
        return None if given is None or text is None else absolute(text, given)

    def directory(self, given: Given | None, scope: Scope) -> str | None:
        """Return the absolute path of a directory that can be entered."""
        path = self.path(given, scope)
        return None if given is None or path is None else self._existing(given, path)

    def directories(self, given: Given | None, scope: Scope) -> tuple[str, ...]:
        """Return the absolute paths of directories that can be entered."""
        if given is None:
            return ()
        paths = (self._existing(given, absolute(text, given)) for text in self.texts(given, scope) if text)
        return tuple(path for path in paths if path is not None)

    def output(self, given: Given | None, scope: Scope) -> str | None:
        """Return the word as given, or the absolute path of a file that can be appended to."""
        if given is None or given.value in ("journal", "inherit", "stdout"):
            return None if given is None else str(given.value)
        path = self.path(given, scope)
        if path is None:
            return None
        if path not in self._parents:
            self._parents[path] = _why_not_appendable(path)
        if why := self._parents[path]:
            self.refuse(given, why)
            return None
        return path

    def environment(
        self, sections: Iterable[Section], visible: dict[str, str], names: Mapping[str, str]
    ) -> dict[str, str]:
        """Return what the sections' `env_file` and `env` give, later ones winning, and add it to `visible`.

        A value may refer to what is visible so far: the layers before it, and the entries above it.
        """
        merged: dict[str, str] = {}
        scope = Scope(visible, names)
        for section in sections:
            for variables in self._environment_files(section.given.get("env_file"), scope):
                merged.update(variables)
                visible.update(variables)
            entries: Mapping[str, Given] = section.given["env"].value if "env" in section.given else {}
            for name, given in entries.items():
                value = self._expanded(given, given.value, scope)
                if value is not None:
                    merged[name] = visible[name] = value
        return merged

    def user(self, given: Given | None, scope: Scope) -> str | None:
        """Return the name or number of a user that exists; a number needs no entry in the user database."""
        return self._account(given, scope, "user")

    def group(self, given: Given | None, scope: Scope) -> str | None:
        """Return the name or number of a group that exists; a number needs no entry in the group database."""
        return self._account(given, scope, "group")

    def sharing_group(self, section: Section, key: str, scope: Scope, mode_key: str, mode: int) -> str | None:
        """Return the group that something is shared with; its mode has to let that group in."""
        given = section.given.get(key)
        group = self.group(given, scope)
        if given is not None and group is not None and not mode & 0o020 and mode_key not in section.refused:
            wider = f"{mode | 0o060:04o}"
            self.refuse(
                given, f'lets nobody in while {mode_key} is "{mode:04o}"; write {mode_key} = "{wider}"'
            )
        return group

    def _account(self, given: Given | None, scope: Scope, what: str) -> str | None:
        name = self.text(given, scope)
        if given is None or name is None or name.isdecimal():
            return name
        known = self.accounts.has_user(name) if what == "user" else self.accounts.has_group(name)
        if known:
            return name
        candidates = self.accounts.users() if what == "user" else self.accounts.groups()
        self.refuse(
            given, f'unknown {what} "{name}"{nearest(name, candidates) or "; create it or name another"}'
        )
        return None

    def _expanded(self, given: Given, text: str, scope: Scope) -> str | None:
        try:
            return expand(text, scope, os.path.dirname(given.file))
        except ValueError as error:
            self.refuse(given, str(error))
            return None

    def _existing(self, given: Given, path: str) -> str | None:
        if path not in self._directories:
            self._directories[path] = _why_not_enterable(path)
        if why := self._directories[path]:
            self.refuse(given, why)
            return None
        return path

    def _environment_files(self, given: Given | None, scope: Scope) -> Iterable[dict[str, str]]:
        if given is None:
            return
        for text in filter(None, self.texts(given, scope)):
            path = absolute(text.removeprefix("-"), given)
            if path not in self._files:
                self._files[path] = _read_environment(path)
            found = self._files[path]
            if isinstance(found, dict):
                yield found
            elif found is not None:
                self.refuse(given, found)
            elif not text.startswith("-"):
                self.refuse(
                    given,
                    f'must name a file, and there is no "{path}"; "-{text}" for one that may be missing',
                )


def absolute(path: str, given: Given) -> str:
    """Return the path as seen from the directory of the file it was given in.

    ".." stays: behind a symbolic link it does not lead to where the text seems to say.
    """
    joined = os.path.join(os.path.dirname(given.file), path)
    return "/" + "/".join(part for part in joined.split("/") if part not in ("", "."))


def _why_not_enterable(path: str) -> str | None:
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        return f'must be a directory, but "{path}" cannot be used: {error.strerror}'
    if not stat.S_ISDIR(mode):
        return f'must be a directory, which "{path}" is not'
    return (
        None if os.access(path, os.R_OK | os.X_OK) else f'must be a readable directory, which "{path}" is not'
    )


def _why_not_appendable(path: str) -> str | None:
    if os.path.isdir(path):
        return f'must be a file, but "{path}" is a directory'
    if os.path.exists(path):
        return (
            None if os.access(path, os.W_OK) else f'must be a file that can be written, which "{path}" is not'
        )
    parent = os.path.dirname(path)
    if not os.path.isdir(parent):
        return f'must be in a directory that exists, which "{parent}" does not; create it'
    return (
        None if os.access(parent, os.W_OK | os.X_OK) else f'cannot be created: "{parent}" cannot be written'
    )


def _read_environment(path: str) -> dict[str, str] | str | None:
    """Return the variables of a file, None if there is no such file, or what is wrong with it."""
    try:
        return parse_environment(read_regular(path).decode("utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        return f'must name a readable file, but "{path}" cannot be read: {error.strerror}'
    except UnicodeDecodeError:
        return f'must name a file in UTF-8, which "{path}" is not'
    except ValueError as error:
        return f'"{path}" {error}'
