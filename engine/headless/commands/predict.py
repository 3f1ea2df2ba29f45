"""`predict`: see engine/headless/predict.py."""

import argparse

from engine.headless.options import add_invert, add_json, add_network, path_from

NAME = "predict"
HELP = "say what is on pictures"
ABOUT = """\
Print the classes of each picture with their probabilities, the likeliest first. A picture is made
what the network takes: the digits networks see 28x28 grey pixels, light on dark."""
MORE = """\
With --json each picture is one line:
  {"image": ..., "predictions": [{"class": ..., "probability": ...}, ...]}

A picture that can't be read is one sentence on stderr; the others are still predicted, and the exit
code is 1.

examples:
  {command} predict --network runs/digits seven.png three.jpg
  {command} predict --network runs/digits --invert scan.png --json"""


def add_options(parser: argparse.ArgumentParser) -> None:
    add_network(parser)
    parser.add_argument(
        "images",
        metavar="IMAGE",
        nargs="+",
        type=path_from,
        help="picture files, or folders of them",
    )
    add_invert(parser)
    add_json(parser, "picture")


def run(chosen: argparse.Namespace) -> int:
    from engine.headless.predict import predict

    return predict(chosen.network, chosen.images, chosen.invert, chosen.json)
