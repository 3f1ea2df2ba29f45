"""Every message comes back from its bytes as it was, arrays included; what is none is refused."""

import contextlib
import typing
from typing import Any, get_args

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from msgspec import inspect

from engine.errors import MessageError
from engine.message import Message, same
from engine.messages import commands, events, frames, questions, views, wire
from engine.messages.codec import Travelling, decode, encode
from engine.state import Status

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
ARRAYS = st_numpy.arrays(
    st.sampled_from([np.uint8, np.int8, np.int32, np.int64, np.float32, np.float64, np.bool_]),
    st_numpy.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)
INTEGERS = st.integers(-(2**63), 2**63 - 1)


def all_messages() -> list[type[Message]]:
    """Every message type there is, whether or not the codec knows it."""
    found: list[type[Message]] = []
    waiting: list[type[Message]] = [Message]
    while waiting:
        kind = waiting.pop()
        # Other tests make messages of their own.
        under = [each for each in kind.__subclasses__() if each.__module__.startswith("engine.")]
        waiting += under
        if not under:  # else it is what those have in common, and nobody sends it
            found.append(kind)
    return sorted(found, key=lambda kind: kind.__name__)


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type as msgspec sees it, within its bounds."""
    match kind:
        case inspect.CustomType(cls=np.ndarray):
            return ARRAYS
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType():
            low, high = kind.ge, kind.le
            return st.integers(
                -(2**63) if low is None else low, 2**63 - 1 if high is None else high
            )
        case inspect.FloatType():
            return floats_of(kind)
        case inspect.StrType():
            return TEXT
        case inspect.BytesType():
            return st.binary(max_size=12)
        case inspect.NoneType():
            return st.none()
        case inspect.LiteralType():
            return st.sampled_from(kind.values)
        case inspect.EnumType():
            return st.sampled_from(list(kind.cls))
        case inspect.UnionType():
            return st.one_of([values_of(each) for each in kind.types])
        case inspect.TupleType():
            return st.tuples(*(values_of(each) for each in kind.item_types))
        case inspect.VarTupleType():
            least = kind.min_length or 0
            return st.lists(values_of(kind.item_type), min_size=least, max_size=least + 2).map(
                tuple
            )
        case inspect.DictType():
            return st.dictionaries(values_of(kind.key_type), values_of(kind.value_type), max_size=3)
        case inspect.StructType():
            fields = {field.name: values_of(field.type) for field in kind.fields}
            return st.fixed_dictionaries(fields).map(lambda made: kind.cls(**made))
        case inspect.Metadata():
            return values_of(kind.type)
    raise NotImplementedError(f"the test makes no {kind!r} yet")


def floats_of(kind: inspect.FloatType) -> st.SearchStrategy[float]:
    low = kind.ge if kind.ge is not None else kind.gt
    high = kind.le if kind.le is not None else kind.lt
    return st.floats(
        low,
        high,
        exclude_min=kind.gt is not None,
        exclude_max=kind.lt is not None,
        allow_nan=False,
        allow_infinity=low is None and high is None,
    )


@pytest.mark.parametrize("kind", all_messages(), ids=lambda kind: kind.__name__)
def test_what_is_decoded_equals_what_was_encoded(kind: type[Message]) -> None:
    @settings(max_examples=25)
    @given(values_of(inspect.type_info(kind)))
    def there_and_back(message: Message) -> None:
        back = decode(encode(message))
        assert type(back) is kind
        assert back == message

    there_and_back()


def test_no_type_of_message_is_forgotten() -> None:
    """Each is in the codec's union, and whatever stands in the rooms of messages is a message,
    or a part of one."""
    known = set(get_args(Travelling))
    assert not {kind for kind in all_messages() if kind not in known}
    for union in (
        commands.Command,
        events.Event,
        frames.Frame,
        questions.Question,
        views.View,
        wire.Wire,
    ):
        assert set(get_args(union)) <= known
    for module in (commands, events, frames, questions, views, wire):
        for name, value in vars(module).items():
            own = isinstance(value, type) and issubclass(value, msgspec.Struct)
            if own and value.__module__ == module.__name__ and not issubclass(value, Message):
                parts = typing.get_type_hints(value)
                assert parts, f"{name} is neither a message nor a part of one"


@given(st.binary(max_size=60))
def test_bytes_that_are_no_message_are_refused_in_a_sentence(data: bytes) -> None:
    try:
        assert isinstance(decode(data), Message)
    except MessageError as error:
        assert "can't be read" in str(error)


@given(st.data())
def test_a_damaged_message_is_a_message_or_refused(data: st.DataObject) -> None:
    message = commands.AddProbe("seven", np.arange(12, dtype=np.uint8).reshape(2, 2, 3))
    raw = bytearray(encode(message))
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), min_size=1, max_size=3)):
        raw[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(MessageError):
        assert isinstance(decode(bytes(raw)), Message)


def test_a_decoded_array_can_not_be_written_into() -> None:
    back = decode(encode(commands.AddProbe("seven", np.zeros((2, 2, 3), np.uint8))))
    assert isinstance(back, commands.AddProbe)
    with pytest.raises(ValueError, match="read-only"):
        back.rgb_HWC[0] = 1


def test_a_name_that_is_no_text_is_refused() -> None:
    with pytest.raises(MessageError, match="Rename"):
        encode(commands.Save("caf\udce9"))


def test_an_array_of_objects_does_not_travel() -> None:
    with pytest.raises(NotImplementedError):
        encode(commands.AddProbe("seven", np.array([{}])))


def test_arrays_count_in_equality() -> None:
    array = np.array([1.0, np.nan], np.float32)
    one = frames.PredictionsFrame(("predictions", ""), 1, (1,), array)
    assert one == frames.PredictionsFrame(("predictions", ""), 1, (1,), array.copy())
    for other in (array[:1], array.astype(np.float64), np.array([1.0, 2.0], np.float32)):
        assert one != frames.PredictionsFrame(("predictions", ""), 1, (1,), other)
    assert one != events.Saved("x")
    assert not same(array, [1.0])


def test_a_status_travels() -> None:
    assert decode(encode(Status(step=3))) == Status(step=3)
