"""numpy's arrays and scalars, without importing numpy before there is one.

An array is its dtype, its shape, the order of its axes in memory, and its bytes, which are never copied
through lists. What holds Python objects is refused on both sides.
"""

import math
import re
import sys
from functools import lru_cache
from typing import Any

from supervisord_lite.wire.errors import Refused, WireError

_PLAIN = re.compile(r"[<>|=][biufcmMSUV]\d{1,9}(\[\d{0,9}[A-Za-z]{1,7}\])?")
"""What `dtype.str` is like, for a dtype that is no structure."""

_MAX_DEPTH = 20
"""How deep structures nest in a dtype."""


def is_of_numpy(value: object) -> bool:
    """Whether it is an array or scalar; false as long as nobody has imported numpy."""
    numpy = getattr(sys.modules.get("numpy"), "generic", None)
    return numpy is not None and isinstance(value, numpy | sys.modules["numpy"].ndarray)


def is_array(value: object) -> bool:
    """Of those, whether it is an array."""
    return isinstance(value, sys.modules["numpy"].ndarray)


def array_parts(array: Any) -> tuple[Any, list[int], str, memoryview]:
    """Description of the dtype, shape, "C" or "F", and the bytes, copied only if they are not in one piece.

    Raises `Refused`.
    """
    import numpy

    if type(array) is not numpy.ndarray and type(array) is not numpy.memmap:
        raise Refused("it is more than an array: send numpy.asarray of it, and the rest beside it")
    described = description(array.dtype)
    order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    if not array.flags.forc:
        array = numpy.ascontiguousarray(array)
    # Datetimes and structures export no buffer; as bytes they do.
    flat = array.reshape(-1, order="A").view(numpy.ndarray).view(numpy.uint8)
    return described, list(array.shape), order, memoryview(flat)


def array(described: object, shape: object, order: object, data: object) -> object:
    """The array that these are, a view of its bytes. Raises `WireError`."""
    import numpy

    dtype = _dtype(described)
    if not isinstance(shape, list) or not all(type(length) is int and length >= 0 for length in shape):
        raise WireError("the shape of an array is not a list of lengths")
    if order not in ("C", "F"):
        raise WireError("the order of an array is neither C nor F")
    if not isinstance(data, bytes | bytearray | memoryview):
        raise WireError("an array has no bytes")
    if math.prod(shape) * dtype.itemsize != len(data):
        raise WireError(f"an array has {len(data)} bytes, which its shape and dtype contradict")
    return numpy.ndarray(shape, dtype, data if len(data) else None, order=order)


def scalar_parts(scalar: Any) -> tuple[Any, object]:
    """Description of the dtype, and the bytes, or the text itself. Raises `Refused`."""
    import numpy

    if isinstance(scalar, numpy.str_):
        return "U", str.__str__(scalar)
    if isinstance(scalar, numpy.bytes_):
        return "S", bytes(scalar)
    return description(scalar.dtype), scalar.tobytes()


def scalar(described: object, data: object) -> object:
    """The scalar that these are. Raises `WireError`."""
    import numpy

    if described == "U" and type(data) is str:
        return numpy.str_(data)
    if described == "S" and type(data) is bytes:
        return numpy.bytes_(data)
    dtype = _dtype(described)
    if type(data) is not bytes or len(data) != dtype.itemsize:
        raise WireError(f"a scalar of {dtype.str} is not of {dtype.itemsize} bytes")
    return numpy.frombuffer(bytearray(data), dtype)[0]


def description(dtype: Any) -> Any:
    """What `numpy.lib.format` writes for a dtype. Raises `Refused`."""
    from numpy.lib import format as numpy_format

    if dtype.hasobject:
        raise Refused("it holds Python objects: send a list, or convert it with astype")
    described = (
        dtype.str if dtype.names is None and dtype.subdtype is None else numpy_format.dtype_to_descr(dtype)
    )
    try:
        if _dtype(described) == dtype:
            return described
    except (WireError, ValueError, TypeError):
        pass
    raise Refused(f"its dtype {dtype} cannot be described: convert it with astype")


def _dtype(described: Any) -> Any:
    """The dtype of a description. Raises `WireError`, and `ValueError` or `TypeError` as numpy does."""
    if isinstance(described, str):
        return _plain_dtype(described)
    from numpy.lib import format as numpy_format

    _check(described, _MAX_DEPTH)
    dtype = numpy_format.descr_to_dtype(described)
    if dtype.hasobject or not dtype.itemsize:
        raise WireError("the dtype of an array is of no size, or of objects")
    return dtype


@lru_cache(256)
def _plain_dtype(described: str) -> Any:
    import numpy

    if not _PLAIN.fullmatch(described):
        raise WireError(f"{described[:80]!r} is not the dtype of an array")
    dtype = numpy.dtype(described)
    if dtype.hasobject or not dtype.itemsize:
        raise WireError("the dtype of an array is of no size, or of objects")
    return dtype


def _check(described: object, depth: int) -> None:
    """All plain dtypes in the description of a structure are ones; numpy sees to the rest."""
    if not depth:
        raise WireError(f"the dtype of an array nests more than {_MAX_DEPTH} deep")
    if isinstance(described, str):
        if not _PLAIN.fullmatch(described):
            raise WireError(f"{described[:80]!r} is not the dtype of an array")
    elif isinstance(described, tuple) and len(described) == 2:
        _check(described[0], depth - 1)
    elif isinstance(described, list) and described:
        for field in described:
            if not isinstance(field, tuple) or len(field) not in (2, 3):
                raise WireError("a field in the dtype of an array is not a name, a dtype and perhaps a shape")
            _check(field[1], depth - 1)
    else:
        raise WireError("the dtype of an array is neither a string nor a list of fields")
