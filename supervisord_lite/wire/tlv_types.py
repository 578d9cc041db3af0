"""Type codes and limits of version 1, as gunicorn has them; the bound on nesting is ours."""

MAX_STRING = 64 * 1024 * 1024
MAX_ITEMS = 1024 * 1024
MAX_DEPTH = 100

NONE = 0x00
BOOL = 0x01
INT = 0x05
FLOAT = 0x06
BYTES = 0x10
STRING = 0x11
LIST = 0x20
DICT = 0x21
