"""What a command of the command line is. Imports without torch and Qt, so that help is instant."""

import argparse
from typing import Protocol

FAILED = 2
INTERRUPTED = 130  # what a shell gives a program that Ctrl-C ended
TERMINATED = 143  # and one that SIGTERM ended


class Command(Protocol):
    """A module that is a command; one listed in `listing.py` is in the help and can be run.

    A text may hold {command}: what a person types to run the program. `MORE` stands below the
    options, as it is written here.
    """

    NAME: str
    HELP: str
    ABOUT: str
    MORE: str

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add what can be said after the name."""

    def run(self, chosen: argparse.Namespace) -> int:
        """Do it; the exit code. Imports here what help doesn't need. EngineError, with nothing
        left half done, for what can't be."""
