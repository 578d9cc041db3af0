"""Dataclasses on the wire, and what of other values cannot travel."""

import enum
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from supervisord_lite.wire import records
from supervisord_lite.wire.values import Fields, Untransferable, pack, unpack


def sent(value: object) -> Any:
    """The value as it arrives."""
    return unpack(pack(value).document)


@dataclass
class Order:
    """A dataclass with a bit of everything."""

    number: int
    lines: list["Line"] = field(default_factory=list)
    note: str = ""
    total: int = field(init=False, default=0)
    kinds: ClassVar[int] = 3

    def __post_init__(self) -> None:
        """Not to run on arrival."""
        self.total = 1


@dataclass(frozen=True, slots=True)
class Line:
    """A frozen one, without a `__dict__`."""

    name: str
    count: int = 1


def test_a_dataclass_is_built_again() -> None:
    """With its fields as they were, past `__init__` and `__post_init__`."""
    order = Order(7, [Line("a"), Line("b", 2)])
    order.total = 99
    arrived = sent({"order": order, frozenset({Line("c")}): 1})
    assert arrived == {"order": order, frozenset({Line("c")}): 1}
    assert arrived["order"].total == 99
    assert type(arrived["order"].lines[0]) is Line


def test_a_dataclass_that_is_not_known_arrives_as_its_fields() -> None:
    """A dict that knows whose it is, and is sent on as what it was."""
    packed = pack(Line("a", 2)).document
    name = f"{__name__}:Line"
    unknown = unpack(packed.replace(b":Line", b":Lime"))
    assert unknown == {"name": "a", "count": 2}
    assert type(unknown) is Fields
    assert unknown.type_name == name.replace("Line", "Lime")
    assert pack(unknown).document.replace(b":Lime", b":Line") == packed


@pytest.mark.parametrize(
    ("fields", "arrives"),
    [
        ({"name": "a"}, Line("a", 1)),
        ({"count": 2}, {"count": 2}),
        ({"name": "a", "count": 1, "price": 3}, {"name": "a", "count": 1, "price": 3}),
    ],
    ids=["one_with_a_default_missing", "one_missing", "one_more"],
)
def test_the_class_may_have_other_fields_by_now(fields: dict[str, Any], arrives: object) -> None:
    """Nothing is lost, and nothing made up."""
    assert records.put_together(f"{__name__}:Line", fields) == arrives


@pytest.mark.parametrize(
    "name", ["", ":", "os:system", "nowhere:X", "builtins:dict", f"{__name__}:Order.__init__"]
)
def test_only_dataclasses_are_built(name: str) -> None:
    """Any other name makes plain fields."""
    assert type(records.put_together(name, {"x": 1})) is Fields


@dataclass
class Failure(Exception):
    """A dataclass that `object` cannot make."""

    code: int


class Mood(enum.Enum):
    """Names that are no numbers."""

    GOOD = 1


class Unprintable:
    """What raises when it is shown."""

    def __repr__(self) -> str:
        """Raise."""
        raise RuntimeError("no name")


def circle() -> list[Any]:
    """A list in itself."""
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("args", "kwargs", "error"),
    [
        (
            [{"model": object()}],
            {},
            r'^args\[0\]\["model"\]: an object cannot travel; send plain values, a data',
        ),
        (
            [],
            {"a": (1, {2: [{3}, {Mood}]})},
            r'^kwargs\["a"\]\[1\]\[2\]\[1\]\{<enum \'Mood\'>\}: an enum\.EnumType',
        ),
        (
            [{(1, Mood.GOOD): 1}],
            {},
            r"^args\[0\]: key \(1, <Mood.GOOD: 1>\)\[1\]: a .*Mood cannot travel; send its",
        ),
        ([Order(1, note=object())], {}, r"^args\[0\]\.note: an object cannot"),  # type: ignore[arg-type]
        (
            [Failure(3)],
            {},
            r"^args\[0\]: a .*Failure cannot travel; its class makes its instances in its own way",
        ),
        ([{Unprintable(): 1}], {}, r"^value: a list cannot travel; packing it failed: "),
        (
            [circle()],
            {},
            r"^args\[0\]\[0\]\[0\].*…: a list cannot travel; it is nested more than 1000 deep, or cont",
        ),
        ([(i for i in ())], {}, r"^args\[0\]: a generator cannot travel"),
    ],
    ids=[
        "object",
        "in_a_set",
        "in_a_key",
        "in_a_dataclass",
        "exception",
        "unprintable",
        "circle",
        "generator",
    ],
)
def test_what_cannot_travel_is_named(args: list[Any], kwargs: dict[str, Any], error: str) -> None:
    """The path of the first culprit as the caller would write it, its type, and what to do."""
    with pytest.raises(Untransferable, match=error):
        pack([args, kwargs], name=("args", "kwargs"))


def test_the_parts_of_a_refusal_can_be_asked() -> None:
    """For those who word it differently."""
    with pytest.raises(Untransferable) as caught:
        pack({"a": [object()]}, name="result")
    assert (caught.value.path, caught.value.type_name) == ('result["a"][0]', "object")
