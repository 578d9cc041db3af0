"""Where in a value the part is that cannot travel.

Walked only once packing has failed: it is slow, and finds the first culprit.
"""

from collections.abc import Callable, Iterator

from supervisord_lite.wire.errors import Untransferable

Name = str | tuple[str, ...]
"""What the value is called in a path, or, as a tuple, what its members are called."""

Refusal = Callable[[object], str | None]
"""Why a value that has no parts cannot travel; None: it can."""

Parts = Callable[[object], Iterator[tuple[str, object]] | None]
"""Step and value of each part of a container, in order; None: it has none."""

_SHOWN = 200


def type_name(value: object) -> str:
    """The type as its author would write it: `dict`, `torch.Tensor`."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def shown(key: object) -> str:
    """A key as it stands in a path."""
    text = repr(key) if not isinstance(key, str) else '"' + key.replace('"', '\\"') + '"'
    return _short(text, 60)


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit] + "…"


def culprit(
    value: object, name: Name, parts: Parts, refusal: Refusal, max_depth: int
) -> Untransferable | None:
    """The first part that cannot travel, as the error to raise; None where it is not to be found."""
    try:
        return _walked(value, name, parts, refusal, max_depth)
    except Exception:  # noqa: BLE001 - it changes meanwhile, or its `repr` raises: then there is no path
        return None


def _walked(
    value: object, name: Name, parts: Parts, refusal: Refusal, max_depth: int
) -> Untransferable | None:
    named = zip(name, value, strict=True) if isinstance(name, tuple) else [(name, value)]  # type: ignore[call-overload]
    stack: list[Iterator[tuple[str, object]]] = [iter(named)]
    steps = [""]
    while stack:
        found = next(stack[-1], None)
        if found is None:
            stack.pop()
            steps.pop()
            continue
        steps[-1], part = found
        inside = parts(part)
        why = refusal(part) if inside is None else None
        if inside is not None:
            if len(stack) > max_depth:
                why = f"it is nested more than {max_depth} deep, or contains itself"
            stack.append(inside)
            steps.append("")
        if why is not None:
            return Untransferable(_short("".join(steps), _SHOWN), type_name(part), why)
    return None
