"""How a body lies in a memfd: a table of lengths, the document, and the buffers that it refers to.

The table is a 32-bit count of parts, four bytes of zero, and the 64-bit length of each part; the first part
is the document. Every part begins at a multiple of 64, so that arrays are aligned. All big-endian.
"""

from struct import Struct

from supervisord_lite.wire.errors import WireError
from supervisord_lite.wire.packed import Packed

_ALIGNMENT = 64
_HEAD = Struct(">II")
_LENGTH = Struct(">Q")
_ZEROS = bytes(_ALIGNMENT)


def join(packed: Packed) -> list[bytes | memoryview]:
    """What to write to a memfd, one behind the other."""
    parts: list[bytes | memoryview] = [packed.document, *packed.buffers]
    lengths = [len(packed.document), *[buffer.nbytes for buffer in packed.buffers]]
    laid: list[bytes | memoryview] = [_HEAD.pack(len(parts), 0) + b"".join([*map(_LENGTH.pack, lengths)])]
    end = len(laid[0])
    for part, length in zip(parts, lengths, strict=True):
        padding = -end % _ALIGNMENT
        laid += [_ZEROS[:padding], part] if padding else [part]
        end += padding + length
    return laid


def parse(view: memoryview) -> tuple[memoryview, list[memoryview]]:
    """Document and buffers of what came in a memfd. Raises `WireError`."""
    size = len(view)
    if size < _HEAD.size:
        raise WireError(f"a body of {size} bytes in a memfd has no table of lengths")
    count, zero = _HEAD.unpack_from(view)
    end = _HEAD.size + count * _LENGTH.size
    if zero or not count or end > size:
        raise WireError(f"the table of {count} lengths of a body in a memfd of {size} bytes cannot be true")
    parts = []
    for (length,) in _LENGTH.iter_unpack(view[_HEAD.size : end]):
        start = end + -end % _ALIGNMENT
        end = start + length
        if end > size:
            raise WireError(f"a part of {length} bytes does not fit into a memfd of {size} bytes")
        parts.append(view[start:end])
    if end != size:
        raise WireError(f"{size - end} bytes are left behind the parts of a body in a memfd")
    return parts[0], parts[1:]
