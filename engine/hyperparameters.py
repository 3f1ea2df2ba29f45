"""What may be set of a training, read from the fields of TrainingConfig. Imports without torch.

The Meta of a field says the `title` and the `description` that people read, and its bounds. Its
`extra` may hold
    option  the name on the command line, where it isn't the field's
    typed   True for a number of any magnitude, which is typed and not stepped through
    step    how far one click moves the number, where that isn't 1
    usual   of a field that may be None: what None means, by the name of the optimiser; the field
            has no meaning with an optimiser that isn't named
"""

import math
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct, inspect

from engine.config import TrainingConfig
from engine.errors import ConfigError

Value = bool | int | float | str
LARGEST_INT = 10**9


class Hyperparameter(Struct, frozen=True):
    """One that a person may set while a network trains. `kind` is bool, int, float or str; of a
    str, `choices` are what it may be."""

    name: str
    kind: type
    title: str
    words: str
    option: str
    default: Value | None
    choices: tuple[str, ...] = ()
    least: float = -math.inf
    above: bool = False
    """It must be larger than `least`."""
    most: float = math.inf
    below: bool = False
    """It must be smaller than `most`."""
    typed: bool = False
    step: float = 1.0
    usual: Mapping[str, float] | None = None

    def has_meaning(self, settings: TrainingConfig) -> bool:
        """Whether the optimiser of these settings uses it."""
        return self.usual is None or settings.optimizer in self.usual

    def value(self, settings: TrainingConfig) -> Value:
        """What these settings say it is, or what is usual where they don't."""
        said: Value | None = getattr(settings, self.name)
        if said is not None:
            return said
        return (self.usual or {}).get(settings.optimizer, 0.0)

    def number_from(self, text: str) -> float:
        """The number that a person typed; ConfigError when it can't be one."""
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        low = number > self.least if self.above else number >= self.least
        high = number < self.most if self.below else number <= self.most
        if not (low and high and math.isfinite(number)):
            raise ConfigError(f"The {self.title.lower()} is {text!r}.", self._demand())
        return number

    def _demand(self) -> str:
        if self.above:
            span = f"above {self.least:,.12g} and at most {self.most:,.12g}"
        else:
            span = f"from {self.least:,.12g} to {'below ' * self.below}{self.most:,.12g}"
        return f"It must be a number {span}, such as {0.001 if self.typed else self.step:g}."


def hyperparameters() -> tuple[Hyperparameter, ...]:
    """In the order of the fields."""
    found = (_hyperparameter(field) for field in msgspec.structs.fields(TrainingConfig))
    return tuple(each for each in found if each is not None)


def hyperparameter(name: str) -> Hyperparameter:
    """The one of that name; KeyError where there is none."""
    return {each.name: each for each in hyperparameters()}[name]


def changed(settings: TrainingConfig, changes: Mapping[str, Value]) -> TrainingConfig:
    """Settings with other values in the place of some; ConfigError names what can't be changed
    and what is out of range."""
    known = {each.name for each in hyperparameters()}
    for name in changes:
        if name not in known:
            raise ConfigError(
                f"{name!r} can't be changed while a network trains.",
                f"These can: {', '.join(sorted(known))}.",
            )
    fields = {**msgspec.to_builtins(settings), **changes}
    try:
        return msgspec.convert(fields, type(settings))
    except msgspec.ValidationError as error:
        raise ConfigError(f"In a setting: {error}.", "Correct that value and try again.") from error


def difference(before: TrainingConfig, after: TrainingConfig) -> str:
    """What is set otherwise, for people: "batch size 32, optimizer sgd"; "" where nothing is."""
    names = [each.name for each in hyperparameters()]
    return ", ".join(
        f"{name.replace('_', ' ')} {getattr(after, name)}"
        for name in names
        if getattr(after, name) != getattr(before, name)
    )


def _hyperparameter(field: "msgspec.structs.FieldInfo") -> Hyperparameter | None:
    meta = inspect.type_info(field.type)
    if not isinstance(meta, inspect.Metadata) or not (meta.extra_json_schema or {}).get("title"):
        return None
    schema: dict[str, Any] = meta.extra_json_schema or {}
    extra: dict[str, Any] = meta.extra or {}
    kind = meta.type
    if isinstance(kind, inspect.UnionType):
        kind = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
    bounds: dict[str, Any] = {}
    choices = kind.values if isinstance(kind, inspect.LiteralType) else ()
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        bounds = _bounds(kind)
    return Hyperparameter(
        name=field.name,
        kind=_PLAIN[type(kind)],
        title=schema["title"],
        words=schema["description"],
        option="--" + extra.get("option", field.name.replace("_", "-")),
        default=field.default,
        choices=tuple(str(each) for each in choices),
        typed=extra.get("typed", False),
        step=extra.get("step", 1.0),
        usual=extra.get("usual"),
        **bounds,
    )


def _bounds(kind: inspect.IntType | inspect.FloatType) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, strict, limit in (("least", "above", kind.gt), ("most", "below", kind.lt)):
        if limit is not None:
            found |= {name: limit, strict: True}
    if kind.ge is not None:
        found["least"] = kind.ge
    if kind.le is not None:
        found["most"] = kind.le
    return found


_PLAIN: dict[type, type] = {
    inspect.BoolType: bool,
    inspect.IntType: int,
    inspect.FloatType: float,
    inspect.LiteralType: str,
}
