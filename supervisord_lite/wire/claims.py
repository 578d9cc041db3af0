"""Whether the lists of a msgpack document can be as long as they claim to be.

msgpack allocates a list by what its header claims, up to as many items as the document has bytes; and lists
in lists multiply that. Documents without long lists, nearly all, are read with a low limit instead. For
others the claims are added up first: every item takes a byte at least, so an honest sum is never above the
length.
"""

import re
import struct

from supervisord_lite.wire.errors import WireError

SHORT = 4096
"""Items of a list that are allocated without further ado."""

_SIMPLE = re.compile(
    rb"(?s:[\x00-\x9f\xc0\xc2\xc3\xe0-\xff]|[\xcc\xd0].|[\xcd\xd1]..|[\xca\xce\xd2].{4}|[\xcb\xcf\xd3].{8})*+"
)
"""Numbers and the like, and heads of short containers: passed over in one go."""

_NESTED = 1024
"""As deep msgpack reads lists in lists."""

_U16 = struct.Struct(">H").unpack_from
_U32 = struct.Struct(">I").unpack_from


def check(document: bytes, harmless: int = 2**23) -> None:
    """Raise `WireError` where lists claim far more items than there can be, or the document is cut short.

    Where all bytes that look like the head of a list can claim no more than `harmless` items, none is looked
    into.
    """
    end = len(document)
    wide, narrow = min(document.count(0xDD), _NESTED), min(document.count(0xDC), _NESTED)
    if wide * end + narrow * min(0xFFFF, end) <= max(harmless, 4 * end):
        return
    at = claimed = 0
    try:
        while at < end:
            head = document[at]
            if 0xA0 <= head <= 0xBF:
                at += 1 + (head & 0x1F)
            elif 0xC4 <= head <= 0xC6 or 0xD9 <= head <= 0xDB:
                at += _length_of_bytes(document, at, (head - 0xC4) if head <= 0xC6 else (head - 0xD9))
            elif 0xC7 <= head <= 0xC9:
                at += 1 + _length_of_bytes(document, at, head - 0xC7)
            elif 0xD4 <= head <= 0xD8:
                at += 2 + (1 << (head - 0xD4))
            elif 0xDC <= head <= 0xDF:
                is_wide = head & 1
                if head <= 0xDD:
                    claimed += (_U32 if is_wide else _U16)(document, at + 1)[0]
                at += 5 if is_wide else 3
            else:
                at = _end_of_simple(document, at)
            if claimed > end:
                raise WireError(f"the lists of a body claim more items than its {end} bytes can hold")
    except struct.error:
        raise WireError("a body ends in the middle of a length") from None


def _length_of_bytes(document: bytes, at: int, width: int) -> int:
    """Head, length and content of a string, of bytes, or (all but its code) of an extension."""
    if width == 0:
        return 2 + (document[at + 1] if at + 1 < len(document) else 0)
    length: int = (_U16 if width == 1 else _U32)(document, at + 1)[0]
    return length + (3 if width == 1 else 5)


def _end_of_simple(document: bytes, at: int) -> int:
    match = _SIMPLE.match(document, at)
    if match is None or match.end() == at:
        raise WireError("a body has a byte where no value begins, or ends in the middle of a number")
    return match.end()
