"""The commands, in the order of the help. A new one is a module here and its name below."""

from engine.headless.command import Command
from engine.headless.commands import evaluate, fetch, maps, predict, split, train

COMMANDS: tuple[Command, ...] = (train, evaluate, predict, maps, fetch, split)
