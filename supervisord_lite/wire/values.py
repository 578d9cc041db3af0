"""Bodies of version 2: arguments, results and chunks as msgpack, each value arriving as the type it was.

What msgpack has no type for is an extension (`wire.extensions`). Large bytes and arrays do not go through the
document: it refers to them, and they are laid out behind it (`wire.layout`), in one memfd. All of it is in
docs/dirty-protocol.md.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from msgpack import Packer, unpackb

from supervisord_lite.wire import claims, paths
from supervisord_lite.wire.errors import Untransferable as Untransferable
from supervisord_lite.wire.errors import WireError as WireError
from supervisord_lite.wire.layout import join as join
from supervisord_lite.wire.layout import parse as parse
from supervisord_lite.wire.lifting import has_large, lifted
from supervisord_lite.wire.packed import BY_FD_OVER as BY_FD_OVER
from supervisord_lite.wire.packed import Packed as Packed
from supervisord_lite.wire.reader import Reader
from supervisord_lite.wire.records import Fields as Fields
from supervisord_lite.wire.writer import Writer, parts, refusal

_SHORT = 4096
"""Documents of up to so many bytes are first read as if they had no extensions, as most have none: msgpack
calls us back for each list else."""

_new = tuple.__new__  # a named tuple's own is three times slower

MAX_DEPTH = 1000
"""How deep containers may nest; msgpack follows a few more."""


def pack(value: object, *, inline: bool = False, name: paths.Name = "value") -> Packed:
    """The value as a body; with `inline`, and where all is no more than `BY_FD_OVER`, without buffers.

    Raises `Untransferable`, whose path begins with `name`, or, where that is a tuple, with a member's:
    `pack([args, kwargs], name=("args", "kwargs"))`. Buffers are views of the value: send them first.
    """
    writer = Writer(inline)
    try:
        if not inline and has_large(value, 3):
            document = Packer(default=writer.encode, strict_types=True).pack(lifted(writer, value, 3))
        else:
            document = Packer(default=writer.encode, strict_types=True).pack(value)
    except UnicodeEncodeError:
        document = _pack_surrogates(value, writer, name)
    except Exception as error:
        raise _culprit(value, name, error) from error
    packed = _new(Packed, (document, writer.buffers))
    if writer.buffers and packed.size <= BY_FD_OVER:
        return pack(value, inline=True, name=name)
    return packed


def _pack_surrogates(value: object, writer: Writer, name: paths.Name) -> bytes:
    """Once more, for strings with lone surrogates; apart, because it is slower for all strings."""
    writer.buffers.clear()
    packer = Packer(default=writer.encode, strict_types=True, unicode_errors="surrogatepass")
    try:
        document: bytes = packer.pack(value)
    except Exception as error:
        raise _culprit(value, name, error) from error
    return document


def _culprit(value: object, name: paths.Name, error: Exception) -> Untransferable:
    found = paths.culprit(value, name, parts, refusal, MAX_DEPTH)
    if found is not None:
        return found
    root = name if isinstance(name, str) else "value"
    return Untransferable(root, paths.type_name(value), f"packing it failed: {error!r}")


_unpackb = partial(unpackb, strict_map_key=False, timestamp=3, unicode_errors="surrogatepass")


def _refuse(code: int, data: bytes) -> object:
    raise ValueError("an extension")


_unpack_plain = partial(_unpackb, ext_hook=_refuse, max_array_len=claims.SHORT)


def unpack(document: bytes | memoryview, buffers: Sequence[memoryview] = ()) -> Any:
    """The value of a body. Arrays are views of their buffers, bytes are copied out. Raises `WireError`."""
    if len(document) <= _SHORT:
        try:
            return _unpack_plain(document)
        except Exception:  # noqa: BLE001, S110 - it has extensions, or is not to be read, as shows below
            pass
    try:
        try:
            return _read(document, buffers, claims.SHORT)
        except ValueError as error:
            if "max_array_len" not in str(error):
                raise
        document = bytes(document)
        claims.check(document)
        return _read(document, buffers, len(document))
    except WireError:
        raise
    except Exception as error:
        raise WireError(f"a body is not to be read: {str(error) or type(error).__name__}") from error


def _read(document: bytes | memoryview, buffers: Sequence[memoryview], max_items: int) -> Any:
    """The value, as long as no list in it claims more items."""
    reader = Reader(buffers)
    value = _unpackb(document, ext_hook=reader.extension, list_hook=reader.sequence, max_array_len=max_items)
    if reader.open:
        raise WireError("a body has the mark of a container where no container begins")
    return value


Pack = Callable[..., Packed]
Unpack = Callable[[bytes | memoryview, Sequence[memoryview]], Any]


def codec(serializer: int) -> tuple[Pack, Unpack]:
    """Pack and unpack of a serializer of `wire.envelope`; pickle is for those you trust."""
    from supervisord_lite.wire.envelope import MSGPACK, PICKLE  # here, because it imports msgspec

    if serializer == MSGPACK:
        return pack, unpack
    if serializer == PICKLE:
        from supervisord_lite.wire import pickling

        return pickling.dumps, pickling.loads
    raise WireError(
        f"serializer {serializer} is not known here, only {MSGPACK} (msgpack) and {PICKLE} (pickle)"
    )
