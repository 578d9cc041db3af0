"""A dirty app whose init fails where a file called "broken" is beside the control socket."""

import os
from pathlib import Path

from supervisord_lite.dirty import DirtyApp


class Breakable(DirtyApp):
    def init(self) -> None:
        if Path(os.environ["SUPCTL_SOCKET"]).with_name("broken").exists():
            raise RuntimeError("no weights")

    def answer(self) -> int:
        return 42
