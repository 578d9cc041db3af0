"""Bodies as pickles, for pools whose operator trusts everyone who may connect to their socket.

Unpickling runs what the sender says: `serializer = "pickle"` has to be asked for.
"""

import pickle
from collections.abc import Sequence
from typing import Any

from supervisord_lite.wire import paths
from supervisord_lite.wire.errors import Untransferable, WireError
from supervisord_lite.wire.packed import BY_FD_OVER, Packed
from supervisord_lite.wire.writer import LARGE


def dumps(value: object, *, inline: bool = False, name: paths.Name = "value") -> Packed:
    """The value as a body, as `values.pack` does. Raises `Untransferable`."""
    buffers: list[memoryview] = []

    def stays(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes < LARGE:
            return True
        buffers.append(raw)
        return False

    try:
        document = pickle.dumps(value, protocol=5, buffer_callback=None if inline else stays)
    except Exception as error:
        raise _culprit(value, name, error) from error
    packed = Packed(document, buffers)
    if buffers and packed.size <= BY_FD_OVER:
        return dumps(value, inline=True, name=name)
    return packed


def loads(document: bytes | memoryview, buffers: Sequence[memoryview] = ()) -> Any:
    """The value of a body, as `values.unpack` does; only from those you trust. Raises `WireError`."""
    try:
        return pickle.loads(document, buffers=buffers)  # noqa: S301 - asked for by the operator
    except Exception as error:
        raise WireError(f"a pickle is not to be read: {str(error) or type(error).__name__}") from error


def _culprit(value: object, name: paths.Name, error: Exception) -> Untransferable:
    if isinstance(name, tuple) and isinstance(value, list | tuple):
        for part_name, part in zip(name, value, strict=True):
            try:
                pickle.dumps(part, protocol=5)
            except Exception:  # noqa: BLE001 - this is the one
                return Untransferable(part_name, paths.type_name(part), f"pickling it failed: {error}")
    root = name if isinstance(name, str) else "value"
    return Untransferable(root, paths.type_name(value), f"pickling it failed: {error}")
