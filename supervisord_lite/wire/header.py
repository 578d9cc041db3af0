"""The header of every message to and from a dirty pool: 16 bytes, the same in both versions.

Version 1 is gunicorn's dirty protocol (its payloads are `wire.tlv`), version 2 is ours (`wire.envelope`,
`wire.values`). docs/dirty-protocol.md has the whole of it.
"""

import struct

HEADER = struct.Struct(">2sBBIQ")
"""Magic, version, type, length of the payload in bytes, request id."""

MAGIC = b"GD"
V1 = 1
V2 = 2

REQUEST = 0x01
RESPONSE = 0x02
ERROR = 0x03
CHUNK = 0x04
END = 0x05
STASH = 0x10
STATUS = 0x11
MANAGE = 0x12

HELLO = 0x20
"""Backstage only: who is on this connection (`wire.backstage.Hello`)."""

WORD = 0x21
"""Backstage only: one message of `wire.backstage`, on a control connection."""

BY_FD = 0x80
"""Set in the type of a version 2 message whose body is in a sealed memfd that came with its header."""
