"""ConvScope's command line: the window by default, `train`, `predict`, `maps` and `tour` without.

Torch and Qt are imported only by the command that needs them, so that help is there at once.
"""

import argparse
import os
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from engine.errors import ConfigError, EngineError
from engine.headless import texts
from engine.headless.train_options import (
    add_options,
    add_subset_options,
    run_config,
    subset_counts,
)
from engine.networks.presets import preset_names
from engine.presets import presets

FAILED = 2
INTERRUPTED = 130  # what a shell gives a program that Ctrl-C ended
LARGEST_COUNT = 10**9

_SAVED = "a folder that train --out or the window wrote"
_INVERT = "show the network the negative: for dark strokes on light, where it learned light on dark"


class _Parser(argparse.ArgumentParser):
    """Keeps its help as it was written, and raises ConfigError instead of exiting."""

    def __init__(self, **settings: object) -> None:
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **settings)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message[:1].upper()}{message[1:]}.", f"See {self.prog} --help.")


def parser() -> argparse.ArgumentParser:
    """The command line; `command` is None where none was given."""
    top = _Parser(prog="python main.py", description=texts.ABOUT, epilog=texts.EXAMPLES)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    train = commands.add_parser(
        "train",
        help="train a network",
        description=texts.TRAIN,
        epilog=texts.TRAIN_MORE.format(networks=_network_words(), runs=_preset_words()),
    )
    add_options(train, _add_count)
    add = train.add_argument
    add("--json", action="store_true", help="print one JSON object a line")
    add("--out", metavar="DIR", type=Path, help="save the trained network in this folder")

    predict = commands.add_parser(
        "predict",
        help="say what is on pictures",
        description=texts.PREDICT,
        epilog=texts.PREDICT_MORE,
    )
    add = predict.add_argument
    add("--network", metavar="DIR_OR_NAME", required=True, help=_SAVED)
    add("images", metavar="IMAGE", nargs="+", type=Path, help="picture files, or folders of them")
    add("--invert", action="store_true", help=_INVERT)
    add("--json", action="store_true", help="print one JSON object a picture")

    maps = commands.add_parser(
        "maps",
        help="write the feature maps of a picture",
        description=texts.MAPS,
        epilog=texts.MAPS_MORE,
    )
    add = maps.add_argument
    add("--network", metavar="DIR_OR_NAME", required=True, help=_SAVED)
    add("image", metavar="IMAGE", type=Path, help="a picture file")
    add(
        "--tap",
        metavar="NAME",
        action="append",
        default=[],
        help="only this layer; for an NPZ it may be given several times (default: every layer with"
        " maps; for a PNG the first conv layer)",
    )
    add("--out", metavar="FILE", type=Path, required=True, help="FILE.npz or FILE.png")
    add("--invert", action="store_true", help=_INVERT)

    fetch = commands.add_parser(
        "fetch",
        help="download pictures to train on",
        description=texts.FETCH,
        epilog=texts.FETCH_MORE,
    )
    add = fetch.add_argument
    add("name", metavar="NAME", nargs="?", help="which; all are listed without it")
    add("--json", action="store_true", help="print one JSON object a line")

    split = commands.add_parser(
        "split",
        help="divide pictures into subsets",
        description=texts.SPLIT,
        epilog=texts.SPLIT_MORE,
    )
    add = split.add_argument
    add("source", metavar="SOURCE", help="the pictures to divide")
    add_subset_options(split, _add_count)
    _add_count(split, "--seed", 0, "what the choice starts from (default: 0)")
    add("--out", metavar="DIR|FILE.json", type=Path, required=True, help="where to write to")
    add("--json", action="store_true", help="print one JSON object a line")

    tour = commands.add_parser("tour", help="screenshots of the window", description=texts.TOUR)
    tour.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder for them")
    return top


def _network_words() -> str:
    return textwrap.fill(
        ", ".join(preset_names()),
        100,
        initial_indent="  ",
        subsequent_indent="  ",
        break_on_hyphens=False,
    )


def _preset_words() -> str:
    return "\n".join(f"  {name:20} {preset.title}" for name, preset in presets().items())


def _add_count(parser: argparse._ActionsContainer, name: str, least: int, words: str) -> None:
    def count(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if not least <= number <= LARGEST_COUNT:
            raise ConfigError(
                f"{name} is {text!r}.", f"It must be a whole number from {least} to 1,000,000,000."
            )
        return number

    parser.add_argument(name, metavar="N", type=count, help=words)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; the exit code. Errors are one sentence on stderr, never a traceback."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # file names may hold what a terminal can't show
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(parser().parse_args(arguments))
    except EngineError as error:
        if "--json" in arguments:
            from engine.headless.lines import print_json

            print_json({"event": "error", "message": str(error)})
        print(f"convscope: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("convscope: Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Who reads along has gone, as `head` does. Python would complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _run(chosen: argparse.Namespace) -> int:
    if chosen.command == "train":
        return _train(chosen)
    if chosen.command == "predict":
        from engine.headless.predict import predict

        return predict(chosen.network, chosen.images, chosen.invert, chosen.json)
    if chosen.command == "maps":
        from engine.headless.maps import write_maps

        taps = write_maps(chosen.network, chosen.image, chosen.tap, chosen.out, chosen.invert)
        print(f"Wrote {', '.join(taps)} to {chosen.out}.")
        return 0
    if chosen.command == "fetch":
        from engine.headless.fetch import fetch_entry, print_catalogue

        if chosen.name is None:
            return print_catalogue(chosen.json)
        return fetch_entry(chosen.name, chosen.json)
    if chosen.command == "split":
        from engine.headless.split import split

        counts = subset_counts(chosen)
        return split(chosen.source, counts, chosen.seed or 0, chosen.out, chosen.json)
    if chosen.command == "tour":
        with _importing_qt():
            from gui.tour import run_tour
        return run_tour(chosen.out)
    with _importing_qt():
        from gui.app import run_window
    return run_window()


@contextmanager
def _importing_qt() -> Iterator[None]:
    """EngineError when Qt, or a library of the system that it needs, isn't there."""
    if sys.platform == "win32":
        import torch  # noqa: F401  its libraries must be there before Qt's
    try:
        yield
    except ImportError as error:
        raise EngineError(
            f"The window can't be shown: {error}.",
            "Install what is missing; train, predict and maps work without it.",
        ) from error


def _train(chosen: argparse.Namespace) -> int:
    from engine.headless.reports import BarReport, JsonReport
    from engine.headless.train import train

    config = run_config(chosen)
    return train(config, chosen.out, JsonReport() if chosen.json else BarReport())


if __name__ == "__main__":
    if getattr(sys, "frozen", False):
        from multiprocessing import freeze_support

        freeze_support()
    sys.exit(main())
