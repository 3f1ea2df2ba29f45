"""Commands and events are frozen, plain, and all of them are in their unions."""

import inspect
from types import ModuleType
from typing import get_args

import numpy as np
import pytest
from msgspec import Struct

from engine.message import Message
from engine.messages import commands, evaluation, events, frames


def structs_of(module: ModuleType) -> set[type[Struct]]:
    return {
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Struct) and kind.__module__ == module.__name__
    }


@pytest.mark.parametrize(
    ("modules", "union"),
    [((commands,), commands.Command), ((events, evaluation), events.Event)],
)
def test_each_is_in_its_union(modules: tuple[ModuleType, ...], union: object) -> None:
    there = [kind for module in modules for kind in structs_of(module)]
    assert set(get_args(union)) == {kind for kind in there if issubclass(kind, Message)}


@pytest.mark.parametrize("module", [commands, events, frames])
def test_none_can_be_changed_on_its_way(module: ModuleType) -> None:
    for kind in structs_of(module):
        assert kind.__struct_config__.frozen, kind


def test_comparing_what_carries_an_array_compares_no_pixels() -> None:
    rgb_HWC = np.zeros((2, 2, 3), np.uint8)
    assert commands.AddProbe("seven.png", rgb_HWC) != commands.AddProbe("seven.png", rgb_HWC)
