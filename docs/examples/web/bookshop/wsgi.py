"""The shop as a WSGI application, and gunicorn as a companion that serves it."""

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from gunicorn.app.base import BaseApplication

from bookshop.catalogue import facts


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Every page says who answers it."""
    body = json.dumps(facts("gunicorn")).encode() + b"\n"
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


class Gunicorn(BaseApplication):
    """gunicorn with its settings given here instead of on a command line."""

    def load_config(self) -> None:
        self.cfg.set("bind", os.environ["BIND"])
        self.cfg.set("workers", int(os.environ.get("WEB_CONCURRENCY", "2")))
        self.cfg.set("graceful_timeout", 20)  # below the companion's stop_timeout
        if "control_socket_disable" in self.cfg.settings:  # gunicorn 25 and later
            self.cfg.set("control_socket_disable", True)  # supctl is enough

    def load(self) -> Callable[..., Iterable[bytes]]:
        return application


def run() -> None:
    """The target. gunicorn's arbiter is the companion; its workers are forked from it."""
    Gunicorn().run()
