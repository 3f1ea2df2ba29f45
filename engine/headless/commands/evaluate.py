"""`evaluate`: see engine/headless/evaluate.py."""

import argparse
from typing import get_args

from engine.config import Part
from engine.headless.options import add_json, add_network, name_from, path_from

NAME = "evaluate"
HELP = "measure a network on pictures that it did not learn from"
ABOUT = """\
Measure a trained network on pictures: how many it gets right, at what loss, class by class, and
which classes it takes for which. Without --data these are the test pictures of its own source,
divided as they were for the training: it has never seen them."""
MORE = """\
With --data the pictures may be any SOURCE that train takes; classes are matched by their names.
Those of a class that the network doesn't know are left out, which is told. Without --subset all of
them are measured, or the test subset where SOURCE comes with one.

FILE.csv has a row for each picture: file, class, predicted, probability, loss, right (1 or 0).

With --json the last line on stdout is an object:
  {"event": "evaluated", "network": ..., "source": ..., "subset": ..., "pictures": ...,
   "loss": ..., "accuracy": ..., "unread": ..., "undecided": ...,
   "classes": [{"name": ..., "pictures": ..., "right": ..., "predicted": ..., "loss": ...}, ...],
   "confusion": [[...], ...], "out": ...}
"confusion" has a row for each class: how many of its pictures were taken for each class.
"predicted" is how many pictures were taken for a class, "undecided" how many the network gave no
number for. A figure that isn't a number is null. Before it there may be
  {"event": "note", "message": ...}                         such as that a class is unknown
  {"event": "left_out", "picture": ..., "message": ...}     a picture that can't be read
and instead of all
  {"event": "error", "message": ...}

Pictures that can't be read are left out of every figure; the exit code is then 1.

examples:
  {command} evaluate --network runs/digits
  {command} evaluate --network runs/cats --subset validation --json
  {command} evaluate --network runs/cats --data new-pictures/ --out answers.csv"""


def add_options(parser: argparse.ArgumentParser) -> None:
    add_network(parser)
    parser.add_argument(
        "--data",
        metavar="SOURCE",
        type=name_from,
        help="pictures to measure on (default: those that it learned from a part of)",
    )
    parser.add_argument("--subset", choices=get_args(Part), help="which of them (default: test)")
    add_json(parser)
    parser.add_argument(
        "--out", metavar="FILE.csv", type=path_from, help="write what it said of each picture"
    )


def run(chosen: argparse.Namespace) -> int:
    from engine.headless.evaluate import evaluate

    return evaluate(chosen.network, chosen.data, chosen.subset, chosen.out, chosen.json)
