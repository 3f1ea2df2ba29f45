"""`tour`: see gui/tour.py."""

import argparse
from pathlib import Path

from gui.commands.qt import importing_qt

NAME = "tour"
HELP = "screenshots of the window"
ABOUT = """\
Drive the real window through what it can do and save a screenshot of each part in DIR. Works
without a display."""
MORE = ""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="folder for them")


def run(chosen: argparse.Namespace) -> int:
    with importing_qt():
        from gui.tour import run_tour
    return run_tour(chosen.out)
