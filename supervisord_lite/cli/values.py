"""Python values on a terminal and in JSON: JSON where nothing is lost by it, else as Python writes them."""

import ast
import json
from typing import Any

import click

MISSING = object()


def as_json(value: Any) -> str | None:
    """The value in JSON, or None where it would not come back equal: sets, bytes, keys that are no text."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        return text if json.loads(text) == value else None
    except (TypeError, ValueError, RecursionError):
        return None


def spoken(value: Any) -> str:
    """The value for a person: JSON, else its repr."""
    text = as_json(value)
    return repr(value) if text is None else text


def in_reply(name: str, value: Any) -> dict[str, Any]:
    """The value as a key of a JSON reply: under `name`, or in text under "repr" where JSON cannot hold it."""
    return {name: value} if as_json(value) is not None else {"repr": repr(value)}


def key_text(key: Any, literal: bool) -> str:
    """A key of a table: text as it is unless `literal`, everything else as Python writes it."""
    return key if isinstance(key, str) and not literal else repr(key)


def read_key(text: str, literal: bool) -> Any:
    """The key that was typed. Raises UsageError for what is no literal."""
    if not literal:
        return text
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise click.BadParameter(
            f"{text!r} is not a Python literal; write 17, \"'text'\", \"('a', 1)\" or b'...'",
            param_hint="KEY",
        ) from error
