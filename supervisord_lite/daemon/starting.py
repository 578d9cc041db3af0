"""From the command line to the running daemon: what can fail before there is one."""

import asyncio
import faulthandler
import gc
import logging
import os
from collections.abc import MutableMapping

from supervisord_lite import __version__
from supervisord_lite.config.load import ConfigError, load
from supervisord_lite.linux.descriptors import keep_descriptors
from supervisord_lite.linux.listening import CannotListen
from supervisord_lite.systemd import journal
from supervisord_lite.systemd.activation import inherited
from supervisord_lite.systemd.notify import Notifier, take_watchdog

from . import logs
from .application import Application
from .listening import listen

log = logging.getLogger(__name__)

EX_CONFIG = os.EX_CONFIG
"""Exit status of a refused configuration: trying again does not help (sysexits.h, systemd.exec(5))."""


def start(path: str, log_level: str | None, environ: MutableMapping[str, str]) -> int:
    """Run the daemon on this file; returns the exit status of the process."""
    faulthandler.enable()  # systemd's watchdog ends a hung daemon with SIGABRT: leave a stack
    unit = journal.own_unit() if "INVOCATION_ID" in environ else None
    handler = logs.configure(log_level or "info", environ, unit)
    notifier = Notifier(take_watchdog(environ))
    sockets = inherited(environ)
    keep_descriptors()
    try:
        configuration = load(path, environ)
        logging.getLogger().setLevel((log_level or configuration.supervisor.log_level).upper())
        control = listen(configuration.supervisor, sockets)
    except ConfigError as error:
        for problem in error.problems:
            log.error("%s", problem)
        return EX_CONFIG
    except CannotListen as error:
        log.error("supervisord-lite: %s", error)
        return 1
    log.info("supervisord-lite %s: pid %d, configuration %s", __version__, os.getpid(), configuration.file)
    if os.geteuid() == 0 and configuration.supervisor.user is None:
        log.warning("supervisord-lite: programs without a user run as root; set [supervisor] user")

    async def run() -> None:
        await Application(
            configuration,
            control=control,
            notifier=notifier,
            environ=environ,
            unit=unit,
            handler=handler,
            inherited=sockets,
        ).run()

    gc.freeze()
    gc.enable()
    asyncio.run(run())
    return 0
