"""One environment variable as the file gives it."""

from typing import ClassVar, Self

from supervisord_lite.config.value import refuse_nul, shown


class Variable(str):
    """The value of an environment variable; it may be empty."""

    __slots__ = ()
    kind: ClassVar[str] = "string or number"

    @classmethod
    def parse(cls, written: object) -> Self:
        """Return the text; a number is written in decimal."""
        if isinstance(written, bool):
            raise ValueError(
                f'must be a string, not {shown(written)}: write "1", "{shown(written)}" or what is expected'
            )
        if isinstance(written, int | float):
            return cls(written)
        if not isinstance(written, str):
            raise ValueError(f"must be a string, not {shown(written)}")
        refuse_nul(written)
        return cls(written)

    @classmethod
    def check_key(cls, key: str) -> None:
        """Raise ValueError unless `key` can name an environment variable (environ(7))."""
        if not key or "=" in key or "\0" in key:
            raise ValueError(
                "cannot name an environment variable: it must not be empty nor hold '=' or a NUL byte"
            )
