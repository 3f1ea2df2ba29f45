"""The window: what the program does where no command is said. See gui/app.py."""

import argparse

from gui.commands.qt import importing_qt

NAME = ""
HELP = "open the window"
ABOUT = """\
ConvScope is a laboratory for convolutional networks: watch the filters, feature maps and curves of
a network while it learns, and see why it takes a picture for what it does.

Without a command the window opens. The commands do the same without a window."""
MORE = """\
examples:
  {command}                                        open the window
  {command} train --out runs/digits                train on digits and keep the network
  {command} predict --network runs/digits 7.png    what is on the picture?
  {command} maps --network runs/digits 7.png --out maps.npz
  {command} fetch cifar10                          download pictures to train on

exit codes: 0 done, 1 some pictures couldn't be read, 2 an error, said in one sentence on stderr,
130 interrupted by Ctrl-C, 143 ended by SIGTERM"""


def add_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the window")
    group.add_argument(
        "--engine",
        choices=("thread", "process"),
        help="where the network is trained: in a thread of the window's process, or in a process of"
        " its own, whose end the window survives (default: what the menu says)",
    )


def run(chosen: argparse.Namespace) -> int:
    with importing_qt():
        from gui.app import run_window
    return run_window(engine=chosen.engine)
