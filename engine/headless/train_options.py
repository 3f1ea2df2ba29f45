"""The options of `train`, and the run that they make of a preset. Imports without torch."""

import argparse
import os
from pathlib import Path
from typing import Any

import msgspec

from engine.config import (
    COLOURS,
    DEVICES,
    FITS,
    LARGEST_SIDE,
    NORMALISATIONS,
    Augmentation,
    RunConfig,
    SubsetCounts,
    checked,
)
from engine.errors import ConfigError
from engine.files import name_as_text
from engine.headless.options import add_count
from engine.hyperparameters import changed, hyperparameters
from engine.networks.presets import find_network
from engine.presets import find_preset, presets

USUAL_VALIDATION = 100
"""Pictures of each class, where all the rest are learned from."""
NO_AUGMENTATION = "none"


def add_options(parser: argparse.ArgumentParser) -> None:
    """All that can be said of a run. What isn't said is None, so that the preset decides."""
    data = parser.add_argument_group("pictures")
    data.add_argument(
        "--data",
        metavar="SOURCE",
        help="digits, a name that `fetch` lists, or the path of a folder, zip, CSV file or manifest"
        " (default: digits)",
    )
    data.add_argument(
        "--preset",
        choices=list(presets()),
        help="what the other options begin with (default: digits for the digits, else photos)",
    )
    add_subset_options(data)
    add_count(
        data,
        "--size",
        0,
        "side of what the network sees, in pixels; 0: the source's own",
        most=LARGEST_SIDE,
    )
    data.add_argument("--colour", choices=COLOURS, help="what the network sees of the colours")
    data.add_argument(
        "--fit", choices=FITS, help="how a picture of another shape gets to that size"
    )
    data.add_argument("--normalisation", choices=NORMALISATIONS, help="how values are rescaled")
    data.add_argument(
        "--augmentation",
        metavar="PRESET",
        choices=[NO_AUGMENTATION, *presets()],
        help="vary the training pictures as that preset does, or none",
    )
    training = parser.add_argument_group("training")
    training.add_argument(
        "--network",
        metavar="NAME_OR_FILE",
        help="a network that comes with ConvScope, or a TOML file (default: the preset's)",
    )
    add_training_options(training)
    add_count(training, "--seed", 0, "what subsets, weights, order and variation start from")
    training.add_argument(
        "--device", choices=DEVICES, help="auto takes cuda, then mps, then cpu (default: auto)"
    )


def add_training_options(group: argparse._ActionsContainer) -> None:
    """An option for each hyperparameter, for `training_changes`."""
    for each in hyperparameters():
        words = f"{each.words[:1].lower()}{each.words[1:]}"
        if each.usual is not None:
            words += f" ({', '.join(f'{name}: {value:g}' for name, value in each.usual.items())})"
        if each.kind is int:
            add_count(group, each.option, int(each.least), words)
        elif each.kind is bool:
            group.add_argument(each.option, action=argparse.BooleanOptionalAction, help=words)
        elif each.choices:
            group.add_argument(each.option, choices=each.choices, help=words)
        else:
            group.add_argument(each.option, metavar="X", type=each.number_from, help=words)


def training_changes(chosen: argparse.Namespace) -> dict[str, bool | int | float | str]:
    """What was said of the hyperparameters, by the names of their fields."""
    said = {
        each.name: getattr(chosen, each.option.lstrip("-").replace("-", "_"))
        for each in hyperparameters()
    }
    return {name: value for name, value in said.items() if value is not None}


def add_subset_options(group: argparse._ActionsContainer) -> None:
    """How many pictures of each class go into each subset, for `subset_counts`."""
    group.add_argument(
        "--train", metavar="N", type=_amount, help='pictures of each class to learn from, or "rest"'
    )
    add_count(group, "--validation", 1, "pictures of each class to validate with")
    add_count(group, "--test", 0, "pictures of each class to keep for the test")


FIXED = (
    *("data", "preset", "train", "validation", "test", "size", "colour", "fit"),
    *("normalisation", "augmentation", "network", "seed"),
)
"""What is said of a run once and for all, by the names of the options."""


def refuse_fixed(chosen: argparse.Namespace) -> None:
    """ConfigError where something was said that a run which goes on can't change."""
    for name in FIXED:
        if getattr(chosen, name) is not None:
            raise ConfigError(
                f"A run that goes on can't change --{name}.", f"Leave out --{name}, or train anew."
            )


def run_config(chosen: argparse.Namespace) -> RunConfig:
    """The preset with what was said in its place; ConfigError or NetworkError in one sentence."""
    name = chosen.preset or _usual_preset(chosen.data)
    run = find_preset(name).run
    source = chosen.data or run.data.source
    if not source:
        raise ConfigError(
            f"The preset {name!r} comes without pictures.",
            "Name a folder or zip of them with --data.",
        )
    data = _with(run.data, chosen, ("seed", "size", "colour", "fit", "normalisation"))
    data = _with_source(data, source, subset_counts(chosen))
    if chosen.augmentation == NO_AUGMENTATION:
        data = msgspec.structs.replace(data, augmentation=Augmentation())
    elif chosen.augmentation is not None:
        like = find_preset(chosen.augmentation).run.data
        data = msgspec.structs.replace(data, augmentation=like.augmentation)
    training = _with(run.training, chosen, ("seed", "device"))
    training = changed(training, training_changes(chosen))
    network = run.network if chosen.network is None else find_network(chosen.network)
    return checked(RunConfig(data=data, network=network, training=training))


def _usual_preset(source: str | None) -> str:
    return "digits" if source in (None, "digits") else "photos"


def _with_source(data: Any, source: str, subsets: SubsetCounts | None) -> Any:
    path = Path(os.path.expanduser(source))  # noqa: PTH111 - unlike Path's, it never raises
    where = str(path.absolute()) if os.path.exists(path) else source  # noqa: PTH110 - likewise
    return msgspec.structs.replace(data, source=name_as_text(where), subsets=subsets)


def _with(config: Any, chosen: argparse.Namespace, names: tuple[str, ...]) -> Any:
    said = {name: getattr(chosen, name) for name in names if getattr(chosen, name) is not None}
    return msgspec.structs.replace(config, **said)


def subset_counts(chosen: argparse.Namespace) -> SubsetCounts | None:
    """None where nothing is said of them: the source's own, or its usual counts.

    Half as many to validate as to learn from, and to test, is the chapter's way.
    """
    train, validation, test = chosen.train, chosen.validation, chosen.test
    if train is None and validation is None and test is None:
        return None
    half = max(1, train // 2) if isinstance(train, int) else USUAL_VALIDATION
    return SubsetCounts(
        train="rest" if train is None else train,
        validation=half if validation is None else validation,
        test=(half if isinstance(train, int) else 0) if test is None else test,
    )


def _amount(text: str) -> int | str:
    if text == "rest":
        return text
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise ConfigError(f"--train is {text!r}.", 'It must be a whole number from 1, or "rest".')
    return number
