"""Dataclasses: the name of the class and the fields, and back where the receiver has the class.

Receiving imports nothing and calls nothing of the class: its fields are set as they were, past `__init__`
and `__post_init__`. A class that is not there, or whose fields are others, makes a `Fields`.
"""

import sys
from typing import Any

from supervisord_lite.wire.errors import Refused


class Fields(dict[str, Any]):
    """The fields of a dataclass that this process does not have. It is sent as that dataclass again."""

    __slots__ = ("type_name",)

    def __init__(self, type_name: str, fields: dict[str, Any]) -> None:
        super().__init__(fields)
        self.type_name = type_name

    def __repr__(self) -> str:
        return f"Fields({self.type_name!r}, {super().__repr__()})"

    def __reduce__(self) -> tuple[object, ...]:
        return Fields, (self.type_name, dict(self))


def is_record(value: object) -> bool:
    """Whether it is an instance of a dataclass, or stands for one."""
    return hasattr(type(value), "__dataclass_fields__") or type(value) is Fields


def taken_apart(value: Any) -> tuple[str, dict[str, Any]]:
    """Name of the class ("module:QualName"), and the fields. Raises `Refused`."""
    if type(value) is Fields:
        return value.type_name, dict(value)
    kind = type(value)
    if _makes_its_own(kind):
        raise Refused("its class makes its instances in its own way: send its fields as a dict")
    try:
        fields = {name: getattr(value, name) for name in _fields(kind)}
    except AttributeError as error:
        raise Refused(f"one of its fields is not set ({error})") from None
    return f"{kind.__module__}:{kind.__qualname__}", fields


def put_together(type_name: str, fields: dict[str, Any]) -> object:
    """An instance of the class where there is one whose fields these are, else `Fields`."""
    kind = _found(type_name)
    if kind is None or _makes_its_own(kind):
        return Fields(type_name, fields)
    known = _fields(kind)
    complete = {**_defaults(kind, fields), **fields}
    if complete.keys() != known.keys():
        return Fields(type_name, fields)
    instance = object.__new__(kind)
    for name in known:
        object.__setattr__(instance, name, complete[name])
    return instance


def _makes_its_own(kind: type[Any]) -> bool:
    """Whether `object` cannot make an instance: it is an exception, a dict, or has a `__new__` of its own."""
    maker: object = kind.__new__
    return maker is not object.__new__


def _found(type_name: str) -> type[Any] | None:
    """The dataclass of this name in the modules that are there; no `__getattr__` of a module is asked."""
    module_name, _, qualname = type_name.partition(":")
    found: object = sys.modules.get(module_name)
    for name in qualname.split("."):
        found = getattr(found, "__dict__", {}).get(name)
    return found if isinstance(found, type) and hasattr(found, "__dataclass_fields__") else None


def _fields(kind: type[Any]) -> dict[str, Any]:
    """Its fields by name."""
    from dataclasses import fields

    return {field.name: field for field in fields(kind)}


def _defaults(kind: type[Any], fields: dict[str, Any]) -> dict[str, Any]:
    """The default of each field that is missing and has one; factories are not called."""
    from dataclasses import MISSING

    known = _fields(kind)
    missing = [field for name, field in known.items() if name not in fields]
    return {field.name: field.default for field in missing if field.default is not MISSING}
