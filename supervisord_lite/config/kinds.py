"""Which kind of value stands behind each key of a table, as its struct says."""

import types
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec


@cache
def kinds(struct: type[msgspec.Struct]) -> Mapping[str, Any]:
    """Return the kind of value of each key of a table, without its description and without None."""
    return {field.encode_name: _bare(field.type) for field in msgspec.structs.fields(struct)}


def _bare(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        (annotation,) = (part for part in get_args(annotation) if part is not type(None))
    return annotation
