"""What can be wrong with what arrived, and with what is to be sent."""


class WireError(ValueError):
    """What arrived is not of this protocol: its stream, or its body, is of no further use.

    `version` and `request_id` are those of the message, where its header came that far.
    """

    def __init__(self, message: str, *, version: int | None = None, request_id: int | None = None) -> None:
        super().__init__(message)
        self.version = version
        self.request_id = request_id


class Untransferable(TypeError):
    """A value cannot travel. `path` says where it is (`args[0]["model"]`), `type_name` what it is."""

    def __init__(self, path: str, type_name: str, why: str) -> None:
        super().__init__(path, type_name, why)
        self.path = path
        self.type_name = type_name
        self.why = why

    def __str__(self) -> str:
        article = "an" if self.type_name[:1].lower() in "aeiou" else "a"
        return f"{self.path}: {article} {self.type_name} cannot travel; {self.why}"


class Refused(Exception):
    """Why a value cannot travel, from where that is known and the value's path is not."""
