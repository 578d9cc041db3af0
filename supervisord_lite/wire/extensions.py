"""The extensions of version 2: what msgpack has no type for.

A leaf (an integer beyond 64 bits, a date) is one extension with its bytes. A container (tuple, set, array,
dataclass) is a msgpack array whose first item is its *mark*, an empty extension; the rest are its parts. So
containers nest without being packed into one another.
"""

# Marks.
TUPLE = 1
SET = 2
FROZENSET = 3
RECORD = 4
ARRAY = 5
SCALAR = 6

# Leaves.
INT = 16
DATETIME = 17
DATE = 18
TIME = 19
DURATION = 20
UUID = 21
DECIMAL = 22
COMPLEX = 23
BUFFER = 24
"""Bytes that are a buffer: its number, 32 bits."""
