"""The JSON Schema of the file (draft 2020-12), from the structs that read it, so that editors complete keys.

It is a little stricter than the reader where editors gain by it (one spelling of each name), and cannot know
what only the machine knows: users, directories, programs. Imported by the generator of the docs only.
"""

from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from supervisord_lite.config.app import MOST, Apps, Module, PoolKind
from supervisord_lite.config.duration import SECONDS, Duration, Interval
from supervisord_lite.config.number import RLIMITS, Calls, ExitCodes, Integer, MaxRestarts, Mode, RlimitPair
from supervisord_lite.config.signals import MaybeSignal, Signal
from supervisord_lite.config.size import Limit, Size
from supervisord_lite.config.tables import Document
from supervisord_lite.config.text import (
    NAME,
    NAME_LENGTH,
    RESERVED,
    Account,
    Command,
    Level,
    Preloads,
    Target,
    Text,
    Texts,
)
from supervisord_lite.config.variable import Variable

OFF: list[dict[str, Any]] = [{"const": "off"}, {"const": False}]
WORDS = r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*"  # what is beyond ASCII, the reader decides
UNITS = "|".join(sorted(SECONDS, key=lambda unit: (-len(unit), unit)))
DURATION = rf"^\s*(([0-9]+(\.[0-9]*)?|\.[0-9]+)\s*({UNITS})?\s*)+$"
SIGNAL = r"^((SIG)?([A-Z][A-Z0-9]*|RTM(IN|AX)[+-][0-9]+)|[0-9]+)$"
SIZE = r"[0-9]+(\.[0-9]+)?\s*([KMGTPE](iB)?)?"
LIMIT = rf"({SIZE}|infinity)"


def json_schema() -> dict[str, Any]:
    """Return the schema of the whole file."""
    schema = msgspec.json.schema(_writable(Document), schema_hook=_schema_of_kind)
    definitions = schema["$defs"]
    companion = definitions["CompanionTable"]
    companion["not"] = {"required": ["target", "command"]}
    definitions["PoolTable"]["required"] = ["apps"]
    del definitions["PoolTable"]["properties"]["apps"]["default"]
    for table in definitions.values():
        for name, rule in (("env", _variable_names()), ("rlimits", _limit_names())):
            if name in table.get("properties", {}):
                table["properties"][name]["propertyNames"] = rule
    for named in ("companions", "pools"):
        definitions["Document"]["properties"][named]["propertyNames"] = {
            "pattern": f"^{NAME.pattern}$",
            "maxLength": NAME_LENGTH,
            "not": {"enum": list(RESERVED)},
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "app-supervisor.toml",
        **schema,
    }


def _variable_names() -> dict[str, Any]:
    return {"pattern": "^[^=]+$"}


def _limit_names() -> dict[str, Any]:
    return {"enum": [*RLIMITS, *(f"RLIMIT_{name.upper()}" for name in RLIMITS)]}


@cache
def _written_table(struct: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """Return a struct of the same keys whose defaults are as the operator would write them."""
    fields = []
    for field in msgspec.structs.fields(struct):
        default = field.default
        if default is msgspec.NODEFAULT or default is None or isinstance(default, msgspec.Struct):
            default = msgspec.UNSET
        fields.append((field.encode_name, _writable(field.type), _as_written(default)))
    table = msgspec.defstruct(struct.__name__, fields, kw_only=True, forbid_unknown_fields=True)
    table.__doc__ = struct.__doc__
    return table


def _as_written(default: object) -> object:
    written = getattr(default, "written", default)
    return tuple(written) if isinstance(written, list) else written


def _writable(annotation: Any) -> Any:
    """Return the type of what stands in the file: without None, which TOML does not have."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return Annotated[_writable(arguments[0]), *arguments[1:]]
    if origin in (Union, UnionType):
        (annotation,) = (part for part in arguments if part is not type(None))
        return _writable(annotation)
    if origin is dict:
        return dict[str, _writable(arguments[1])]  # type: ignore[misc]
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return _written_table(annotation)
    return annotation


def _schema_of_kind(kind: type) -> dict[str, Any]:
    for base, make in _KINDS:
        if issubclass(kind, base):
            schema: dict[str, Any] = make(kind)
            return schema
    raise NotImplementedError(kind)


def _duration(kind: type[Duration]) -> dict[str, Any]:
    number = {"type": "number", "minimum" if kind.may_be_zero else "exclusiveMinimum": 0}
    choices: list[dict[str, Any]] = [number, {"type": "string", "pattern": DURATION}]
    if kind.may_be_infinite:
        choices.append({"const": "infinity"})
    return {"anyOf": choices + (OFF if issubclass(kind, Interval) else [])}


def _signal(kind: type[Signal]) -> dict[str, Any]:
    choices: list[dict[str, Any]] = [
        {"type": "integer", "minimum": 1, "maximum": 64},
        {"type": "string", "pattern": SIGNAL},
    ]
    return {"anyOf": choices + (OFF if issubclass(kind, MaybeSignal) else [])}


def _integer(kind: type[Integer]) -> dict[str, Any]:
    number: dict[str, Any] = {"type": "integer", "minimum": kind.least, "maximum": kind.most}
    if issubclass(kind, MaxRestarts):
        return {"anyOf": [number, {"const": "unlimited"}, *OFF]}
    return {"anyOf": [number, *OFF]} if issubclass(kind, Calls) else number


def _size(kind: type[Size]) -> dict[str, Any]:
    number = {"type": "integer", "minimum": kind.least}
    choices: list[dict[str, Any]] = [number, {"type": "string", "pattern": f"^{SIZE}$"}]
    return {"anyOf": choices + (OFF if issubclass(kind, Limit) else [])}


def _apps(_: type) -> dict[str, Any]:
    app = {"type": "string", "pattern": f"^{WORDS}:{WORDS}(:[1-9][0-9]{{0,{len(str(MOST)) - 1}}})?$"}
    return {"anyOf": [app, {"type": "array", "items": app, "minItems": 1, "uniqueItems": True}]}


def _mode(_: type) -> dict[str, Any]:
    integer = {"type": "integer", "minimum": 0, "maximum": 0o777}
    return {"anyOf": [{"type": "string", "pattern": "^(0o)?0?[0-7]{1,3}$"}, integer]}


def _limit(_: type) -> dict[str, Any]:
    text = {"type": "string", "pattern": f"^{LIMIT}(:{LIMIT})?$"}
    return {"anyOf": [{"type": "integer", "minimum": 0}, text]}


def _exit_codes(_: type) -> dict[str, Any]:
    code = {"type": "integer", "minimum": 0, "maximum": 255}
    return {"anyOf": [code, {"type": "array", "items": code}]}


def _one_or_several(item: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [item, {"type": "array", "items": item}]}


def _texts(kind: type) -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string", "minLength": 1}
    if issubclass(kind, Preloads):
        text["pattern"] = f"^{WORDS}(:{WORDS})?$"
    return _one_or_several(text)


def _text(kind: type) -> dict[str, Any]:
    if issubclass(kind, Target):
        return {"type": "string", "pattern": f"^{WORDS}:{WORDS}$"}
    if issubclass(kind, Module):
        return {"type": "string", "pattern": f"^{WORDS}$", "not": {"pattern": r"\.py$"}}
    if issubclass(kind, Level | PoolKind):
        return {"enum": list(kind.levels if issubclass(kind, Level) else kind.kinds)}
    text = {"type": "string", "minLength": 1}
    return {"anyOf": [text, {"type": "integer", "minimum": 0}]} if issubclass(kind, Account) else text


def _command(_: type) -> dict[str, Any]:
    return {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "items": {"type": "string"}, "minItems": 1},
        ]
    }


def _variable(_: type) -> dict[str, Any]:
    return {"type": ["string", "number"]}


_KINDS: tuple[tuple[type, Any], ...] = (
    (Duration, _duration),
    (Signal, _signal),
    (Integer, _integer),
    (Size, _size),
    (Apps, _apps),
    (Mode, _mode),
    (RlimitPair, _limit),
    (ExitCodes, _exit_codes),
    (Texts, _texts),
    (Command, _command),
    (Variable, _variable),
    (Text, _text),
)
