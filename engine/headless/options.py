"""Options that several commands have, and kinds of options. Imports without torch."""

import argparse
from pathlib import Path

from engine.errors import ConfigError

LARGEST_COUNT = 10**9


def add_count(
    parser: argparse._ActionsContainer,
    name: str,
    least: int,
    words: str,
    most: int = LARGEST_COUNT,
) -> None:
    """An option for a whole number from `least` to `most`; None where it isn't given."""

    def count(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise ConfigError(
                f"{name} is {text!r}.", f"It must be a whole number from {least} to {most:,}."
            )
        return number

    parser.add_argument(name, metavar="N", type=count, help=words)


def add_network(parser: argparse.ArgumentParser) -> None:
    """`network`: which trained network, for `open_trained`."""
    parser.add_argument(
        "--network",
        metavar="DIR_OR_NAME",
        type=name_from,
        required=True,
        help="a folder that train --out or the window wrote",
    )


def add_invert(parser: argparse.ArgumentParser) -> None:
    """`invert`: whether the network is shown the negative."""
    parser.add_argument(
        "--invert",
        action="store_true",
        help="show the network the negative: for dark strokes on light, where it learned light on"
        " dark",
    )


def add_json(parser: argparse.ArgumentParser, what: str = "line") -> None:
    """`json`: whether what is printed is for programs."""
    parser.add_argument("--json", action="store_true", help=f"print one JSON object a {what}")


def name_from(text: str) -> str:
    """A name that a person typed; ConfigError for an empty one, which would be this folder."""
    if not text:
        raise ConfigError("The name of a file or folder is empty.", "This folder is called . here.")
    return text


def path_from(text: str) -> Path:
    """The path that a person typed; ConfigError as in `name_from`."""
    return Path(name_from(text))
