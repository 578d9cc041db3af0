"""`--timeout DURATION`: what the configuration takes as a duration, the command line takes too."""

from typing import Any

import click


class Duration(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.4
    """An option's value in seconds; infinity becomes None, which is how the protocol says "for ever"."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Seconds, None for infinity. Fails as usage errors do."""
        from supervisord_lite.config.duration import Timeout

        try:
            seconds = float(Timeout.parse(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return None if seconds == float("inf") else seconds
