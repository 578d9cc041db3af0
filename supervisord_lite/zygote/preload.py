"""Imports the application before the first fork, and notices what a fork would not carry over well."""

import contextlib
import gc
import importlib
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from functools import partial

from setproctitle import setproctitle

from . import targets as targets  # what every child needs is imported before the first fork
from . import telling
from .naming import follow


class PreloadError(Exception):
    """A module of `preload` could not be imported, or its callable raised; the message names it."""


def prepare(arguments: list[str]) -> bytes:
    """Become a zygote: import what the command line says, freeze the heap, and return the report of it.

    Raises `PreloadError`, after the traceback has been printed.
    """
    name, *rest = arguments
    entries, directories = _parse(rest)
    setproctitle(f"app-supervisor: {name} {' '.join(entries)}")
    sys.path[:0] = [directory for directory in directories if directory not in sys.path]
    began = time.monotonic()
    directory, mask = os.getcwd(), os.umask(0o077)
    os.umask(mask)
    warnings = preload(entries)
    os.chdir(directory)  # what an import changed of these is not what a program was configured to have
    os.umask(mask)
    return telling.prepared(time.monotonic() - began, warnings)


def preload(entries: Iterable[str]) -> list[str]:
    """Import each "module" and call each "module:callable", then freeze the heap for copy-on-write.

    Returns warnings about threads, sockets and event loops that an entry left behind: threads do not exist
    in a forked child, and sockets are shared by all of them. Raises `PreloadError`.
    """
    warnings: list[str] = []
    gc.disable()  # no holes in the pages that the children are to share
    before = _Leftovers()
    for entry in entries:
        try:
            _load(entry)
        except (Exception, SystemExit) as error:
            traceback.print_exc()
            raise PreloadError(f"preload of {entry} failed: {type(error).__name__}: {error}") from error
        after = _Leftovers()
        warnings += after.beyond(before, entry)
        before = after
    gc.collect()
    _plug_holes()
    gc.freeze()
    gc.enable()
    return warnings


_POOL = 1 << 14
_FIRST_BLOCK = 48
"""CPython gives out up to 512 bytes from pools of this size, a kind of pool for each multiple of 16 bytes;
the first block of a pool is so far behind its beginning (Objects/obmalloc.c)."""

_ENOUGH = 50_000
"""Blocks after which an allocator that works otherwise is left alone."""

_plugs: list[object] = []


def _plug_holes() -> None:
    """Fill what is free between the objects of the application.

    What a child allocates then comes from fresh pages; in a hole it would copy a page that all could share.
    """
    _plug(object)
    _plug(float)
    for size in range(48, 513, 16):
        _plug(partial(bytes, size - b"".__sizeof__()))


def _plug(allocate: Callable[[], object]) -> None:
    for _ in range(_ENOUGH):
        block = allocate()
        if id(block) % _POOL == _FIRST_BLOCK:
            return  # a pool of its own: no other of this kind has room
        _plugs.append(block)


def _parse(arguments: list[str]) -> tuple[list[str], list[str]]:
    """The entries to import, and the directories to find them in."""
    entries: list[str] = []
    directories: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--path":
            directories.append(next(rest))
        else:
            entries.append(argument)
    return entries, directories


def _load(entry: str) -> None:
    module, _, path = entry.partition(":")
    found = importlib.import_module(module)
    if path:
        follow(found, path)()


class _Leftovers:
    """The threads and descriptors of this process at one moment (proc_pid_task(5), proc_pid_fd(5)).

    The kernel's count of threads, because those of native libraries are unknown to `threading`.
    """

    def __init__(self) -> None:
        self.threads = len(os.listdir("/proc/self/task"))
        self.descriptors: dict[str, str] = {}
        for fd in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError):
                self.descriptors[fd] = os.readlink(f"/proc/self/fd/{fd}")

    def beyond(self, before: "_Leftovers", entry: str) -> list[str]:
        """What is there that was not there before, as warnings that name the entry."""
        found: list[str] = []
        if self.threads > before.threads:
            found.append(f"{self.threads - before.threads} thread(s), which forked programs will not have")
        fresh = [link for fd, link in self.descriptors.items() if before.descriptors.get(fd) != link]
        if sockets := sum(link.startswith("socket:") for link in fresh):
            found.append(f"{sockets} open socket(s), which all forked programs will share")
        if any("eventpoll" in link for link in fresh):
            found.append("an event loop, which forked programs must not use")
        return [f"preload of {entry} leaves behind {what}" for what in found]
