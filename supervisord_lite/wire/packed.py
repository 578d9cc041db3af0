"""A body as it is sent.

A named tuple and not a msgspec struct: what a client imports to make a call is kept light.
"""

from typing import NamedTuple

BY_FD_OVER = 128 * 1024
"""Bodies of more bytes than this go by memfd, others in the stream."""


class Packed(NamedTuple):
    """A body: the document, and the large buffers that it refers to by their number."""

    document: bytes
    buffers: list[memoryview]

    @property
    def size(self) -> int:
        """Bytes, all in all."""
        return len(self.document) + sum([buffer.nbytes for buffer in self.buffers])

    @property
    def is_large(self) -> bool:
        """Whether it is to go by memfd, as `layout.join` lays it out; else the document is all there is."""
        return bool(self.buffers) or len(self.document) > BY_FD_OVER
