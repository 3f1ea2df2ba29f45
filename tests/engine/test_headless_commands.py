"""A command of the command line is one module and one line."""

import argparse
from types import SimpleNamespace

import pytest

import main as command_line
from engine.headless.commands import listing

ECHO = SimpleNamespace(
    NAME="echo",
    HELP="say it again",
    ABOUT="Say a word again.",
    MORE="examples:\n  {command} echo hello",
    add_options=lambda parser: parser.add_argument("word", metavar="WORD"),
    run=lambda chosen: print(chosen.word) or 7,
)


@pytest.fixture
def with_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "COMMANDS", (*listing.COMMANDS, ECHO))


@pytest.mark.usefixtures("with_echo")
def test_a_module_and_a_line_make_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["echo", "hello"]) == 7
    assert capsys.readouterr().out == "hello\n"
    assert command_line.main(["echo"]) == 2
    assert "required: WORD" in capsys.readouterr().err


@pytest.mark.usefixtures("with_echo")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--help"], "  echo                say it again"),
        (["echo", "-h"], "python main.py echo hello"),
    ],
)
def test_it_is_in_the_help(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        command_line.main(words)
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("command", listing.COMMANDS, ids=lambda command: command.NAME)
def test_each_command_says_what_it_is(command: argparse.Namespace) -> None:
    assert command.__name__.rpartition(".")[2] == command.NAME
    assert command.HELP[0].islower()
    assert command.ABOUT.endswith(".")
    assert f"{{command}} {command.NAME} " in command.MORE
