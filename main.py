"""ConvScope's command line: the window by default, `train`, `predict`, `maps` and `tour` without.

Torch and Qt are imported only by the command that needs them, so that help is there at once.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from engine.config import (
    DEVICES,
    DataConfig,
    RunConfig,
    TrainingConfig,
    checked,
    learning_rate_from,
)
from engine.errors import ConfigError, EngineError
from engine.networks.presets import find_network, preset_names

FAILED = 2
INTERRUPTED = 130  # what a shell gives a program that Ctrl-C ended
LARGEST_COUNT = 10**9

ABOUT = """\
ConvScope is a laboratory for convolutional networks: watch the filters, feature maps and curves of
a network while it learns, and see why it takes a picture for what it does.

Without a command the window opens. The commands do the same without a window."""

EXAMPLES = """\
examples:
  python main.py                                        open the window
  python main.py train --out runs/digits                train on digits and keep the network
  python main.py predict --network runs/digits 7.png    what is on the picture?
  python main.py maps --network runs/digits 7.png --out maps.npz

exit codes: 0 done, 1 some pictures couldn't be read, 2 an error, said in one sentence on stderr,
130 interrupted by Ctrl-C"""

TRAIN = """\
Train a network, with a progress bar and a line for each epoch. The same settings on the same CPU
give the same network to the last bit. Ctrl-C stops after the step that runs and saves what there
is."""

TRAIN_MORE = """\
networks that come with ConvScope: {presets}.
Your own is a TOML file like those in resources/networks.

With --json every line on stdout is an object:
  {{"event": "epoch", "epoch": 1, "train_loss": ..., "train_accuracy": ..., "val_loss": ...,
   "val_accuracy": ..., "images_per_second": ...}}          after each epoch
  {{"event": "finished", "epochs": ..., "steps": ..., "best_epoch": ..., "val_accuracy": ...,
   "seconds": ..., "device": ..., "out": ...}}              at the end
  {{"event": "error", "message": ...}}                      instead, when something is wrong

DIR then holds config.toml, network.json, weights.safetensors and epochs.jsonl; those of a run saved
there before are replaced.

examples:
  python main.py train --epochs 5 --out runs/digits
  python main.py train --network digits-small --lr 0.01 --seed 1 --json
  python main.py train --network my-network.toml --device cuda --out runs/mine"""

PREDICT = """\
Print the classes of each picture with their probabilities, the likeliest first. A picture is made
what the network takes: the digits networks see 28x28 grey pixels, light on dark."""

PREDICT_MORE = """\
With --json each picture is one line:
  {"image": ..., "predictions": [{"class": ..., "probability": ...}, ...]}

A picture that can't be read is one sentence on stderr; the others are still predicted, and the exit
code is 1.

examples:
  python main.py predict --network runs/digits seven.png three.jpg
  python main.py predict --network runs/digits --invert scan.png --json"""

MAPS = """\
Write the feature maps that a trained network has of a picture: what each filter of a layer found,
and where."""

MAPS_MORE = """\
FILE.npz holds an array for each tap, unscaled float32 of the shape (maps, height, width).
FILE.png shows the maps of one tap side by side, each scaled to its own range.
A tap is a layer, such as conv1 or pool2, or a conv layer before its activation: conv1.conv.

examples:
  python main.py maps --network runs/digits 7.png --out maps.npz
  python main.py maps --network runs/digits 7.png --tap conv2 --out conv2.png"""

TOUR = """\
Drive the real window through what it can do and save a screenshot of each part in DIR. Works
without a display."""

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
    defaults = TrainingConfig()
    top = _Parser(prog="python main.py", description=ABOUT, epilog=EXAMPLES)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    train = commands.add_parser(
        "train",
        help="train a network",
        description=TRAIN,
        epilog=TRAIN_MORE.format(presets=", ".join(preset_names())),
    )
    add = train.add_argument
    add("--data", default=DataConfig().source, help="what to learn (default: %(default)s)")
    add(
        "--network",
        metavar="NAME_OR_FILE",
        default="digits",
        help="a network that comes with ConvScope, or a TOML file (default: %(default)s)",
    )
    _add_count(train, "--epochs", 1, defaults.epochs, "times that every picture is seen")
    _add_count(train, "--batch-size", 1, defaults.batch_size, "pictures in a step")
    add(
        "--lr",
        metavar="X",
        type=learning_rate_from,
        default=defaults.learning_rate,
        help="learning rate (default: %(default)s)",
    )
    _add_count(train, "--seed", 0, defaults.seed, "what weights, order and variation start from")
    add(
        "--device",
        choices=DEVICES,
        default=defaults.device,
        help="auto takes cuda, then mps, then cpu (default: %(default)s)",
    )
    add("--json", action="store_true", help="print one JSON object a line")
    add("--out", metavar="DIR", type=Path, help="save the trained network in this folder")

    predict = commands.add_parser(
        "predict", help="say what is on pictures", description=PREDICT, epilog=PREDICT_MORE
    )
    add = predict.add_argument
    add("--network", metavar="DIR_OR_NAME", required=True, help=_SAVED)
    add("images", metavar="IMAGE", nargs="+", type=Path, help="picture files, or folders of them")
    add("--invert", action="store_true", help=_INVERT)
    add("--json", action="store_true", help="print one JSON object a picture")

    maps = commands.add_parser(
        "maps", help="write the feature maps of a picture", description=MAPS, epilog=MAPS_MORE
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

    tour = commands.add_parser("tour", help="screenshots of the window", description=TOUR)
    tour.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder for them")
    return top


def _add_count(
    parser: argparse.ArgumentParser, name: str, least: int, default: int, words: str
) -> None:
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

    parser.add_argument(
        name, metavar="N", type=count, default=default, help=f"{words} (default: %(default)s)"
    )


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

    config = checked(
        RunConfig(
            data=DataConfig(source=chosen.data),
            network=find_network(chosen.network),
            training=TrainingConfig(
                epochs=chosen.epochs,
                batch_size=chosen.batch_size,
                learning_rate=chosen.lr,
                seed=chosen.seed,
                device=chosen.device,
            ),
        )
    )
    return train(config, chosen.out, JsonReport() if chosen.json else BarReport())


if __name__ == "__main__":
    if getattr(sys, "frozen", False):
        from multiprocessing import freeze_support

        freeze_support()
    sys.exit(main())
