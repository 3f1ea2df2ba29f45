"""ConvScope's command line: parses, hands over to a command, and says errors in one sentence.

Torch and Qt are imported only by the command that needs them, so that help is there at once.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

from engine.errors import ConfigError, EngineError
from engine.headless.command import FAILED, INTERRUPTED, TERMINATED, Command
from engine.headless.commands import listing
from engine.headless.ending import Terminated, ended_by_signals
from engine.headless.lines import print_json
from engine.headless.output import OutputError, ReaderGoneError, checked_output
from engine.program import COMMAND, NAME
from gui.commands import tour, window


class _Parser(argparse.ArgumentParser):
    """Keeps its help as it was written, and raises ConfigError instead of exiting."""

    def __init__(self, **settings: object) -> None:
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **settings)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message[:1].upper()}{message[1:]}.", f"See {self.prog} --help.")

    def print_help(self, file: object = None) -> None:
        print(self.format_help(), end="", flush=True)


def parser() -> argparse.ArgumentParser:
    """The command line. What it parses has the chosen command, a module, as `command`."""
    top = _Parser(prog=COMMAND, **_texts(window))
    top.set_defaults(command=window)
    window.add_options(top)
    commands = top.add_subparsers(metavar="COMMAND", title="commands")
    for command in (*listing.COMMANDS, tour):
        one = commands.add_parser(command.NAME, help=command.HELP, **_texts(command))
        one.set_defaults(command=command)
        command.add_options(one)
    return top


def _texts(command: Command) -> dict[str, Any]:
    about, more = (text.replace("{command}", COMMAND) for text in (command.ABOUT, command.MORE))
    return {"description": about, "epilog": more}


def _chosen(arguments: Sequence[str]) -> argparse.Namespace:
    chosen = parser().parse_args(arguments)
    if chosen.command is not window and chosen.engine is not None:
        raise ConfigError("--engine is for the window.", "Leave it out before a command.")
    return chosen


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; the exit code. Errors are one sentence on stderr, never a traceback."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    with checked_output(), ended_by_signals():
        try:
            chosen = _chosen(arguments)
            code: int = chosen.command.run(chosen)
            sys.stdout.flush()
            return code
        except ReaderGoneError:
            return FAILED
        except EngineError as error:
            if "--json" in arguments:
                with suppress(OutputError):  # the error that matters is told below
                    print_json({"event": "error", "message": str(error)})
            print(f"{NAME}: {error}", file=sys.stderr)
            return FAILED
        except KeyboardInterrupt as error:
            print(f"{NAME}: Interrupted.", file=sys.stderr)
            return TERMINATED if isinstance(error, Terminated) else INTERRUPTED


if __name__ == "__main__":
    if getattr(sys, "frozen", False):
        from multiprocessing import freeze_support

        freeze_support()
    sys.exit(main())
