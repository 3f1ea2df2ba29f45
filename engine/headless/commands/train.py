"""`train`: see engine/headless/train.py."""

import argparse
import textwrap

from engine.headless.options import add_count, add_json, path_from
from engine.headless.train_options import add_options as add_run_options
from engine.headless.train_options import run_config
from engine.networks.presets import preset_names
from engine.presets import presets

NAME = "train"
HELP = "train a network"
ABOUT = """\
Train a network, with a progress bar and a line for each epoch. The same settings on the same CPU
give the same network to the last bit; so they do on an NVIDIA GPU with --deterministic. Ctrl-C
stops after the step that runs and saves what there is."""
MORE = """\
networks that come with ConvScope:
{networks}
Your own is a TOML file like those in resources/networks.

With --json every line on stdout is an object:
  {"event": "epoch", "epoch": 1, "train_loss": ..., "train_accuracy": ..., "val_loss": ...,
   "val_accuracy": ..., "images_per_second": ...}          after each epoch
  {"event": "finished", "epochs": ..., "steps": ..., "best_epoch": ..., "val_accuracy": ...,
   "seconds": ..., "device": ..., "out": ..., "interrupted": ..., "test_accuracy": ...,
   "test_loss": ..., "test_pictures": ...}                 at the end; null without a test subset
  {"event": "error", "message": ...}                      instead, when something is wrong
and, where there is more to say of the pictures,
  {"event": "note", "message": ...}                       such as that a class has too few
  {"event": "left_out", "picture": ..., "message": ...}   a picture that can't be read

DIR then holds config.toml, network.json, weights.safetensors and epochs.jsonl; those of a run saved
there before are replaced.

presets, which the other options begin with:
{presets}

examples:
  {command} train --epochs 5 --out runs/digits
  {command} train --data dogs-vs-cats.zip --out runs/cats
  {command} train --data pictures/ --preset cats-dogs-augmented --train 1000 --json
  {command} train --network digits-small --lr 0.01 --seed 1 --json
  {command} train --network my-network.toml --device cuda --out runs/mine"""


def add_options(parser: argparse.ArgumentParser) -> None:
    add_run_options(parser, add_count)
    add_json(parser)
    parser.add_argument(
        "--out", metavar="DIR", type=path_from, help="save the trained network in this folder"
    )


def run(chosen: argparse.Namespace) -> int:
    from engine.headless.reports import BarReport, JsonReport
    from engine.headless.train import train

    config = run_config(chosen)
    return train(config, chosen.out, JsonReport() if chosen.json else BarReport())


def _networks() -> str:
    return textwrap.fill(
        ", ".join(preset_names()),
        100,
        initial_indent="  ",
        subsequent_indent="  ",
        break_on_hyphens=False,
    )


def _presets() -> str:
    return "\n".join(f"  {name:20} {preset.title}" for name, preset in presets().items())


MORE = MORE.replace("{networks}", _networks()).replace("{presets}", _presets())
