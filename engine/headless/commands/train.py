"""`train`: see engine/headless/train.py."""

import argparse
import textwrap

from engine.headless.options import add_json, path_from
from engine.headless.train_options import add_options as add_run_options
from engine.headless.train_options import refuse_fixed, run_config, training_changes
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

DIR is written after every epoch and at the end, also after Ctrl-C, SIGTERM or a closed pipe. It
holds checkpoint.safetensors, all that it takes to go on with --resume DIR as if the training had
never stopped, and, for other programs, config.toml, network.json, weights.safetensors and
epochs.jsonl; those of a run saved there before are replaced.

presets, which the other options begin with:
{presets}

examples:
  {command} train --epochs 5 --out runs/digits
  {command} train --data dogs-vs-cats.zip --out runs/cats
  {command} train --data pictures/ --preset cats-dogs-augmented --train 1000 --json
  {command} train --network digits-small --lr 0.01 --seed 1 --json
  {command} train --resume runs/digits --epochs 40 --optimizer sgd --lr 0.01
  {command} train --network my-network.toml --device cuda --out runs/mine"""


def add_options(parser: argparse.ArgumentParser) -> None:
    add_run_options(parser)
    add_json(parser)
    parser.add_argument(
        "--out", metavar="DIR", type=path_from, help="save the trained network in this folder"
    )
    parser.add_argument(
        "--resume",
        metavar="DIR",
        type=path_from,
        help="go on with the run in this folder, which is also saved in; the options of the"
        " training but --network and --seed can be changed",
    )


def run(chosen: argparse.Namespace) -> int:
    from engine.headless.reports import BarReport, JsonReport
    from engine.headless.train import resume, train

    if chosen.resume is not None:
        refuse_fixed(chosen)
    config = run_config(chosen) if chosen.resume is None else None
    report = JsonReport() if chosen.json else BarReport()
    if config is None:
        changes = training_changes(chosen)
        return resume(chosen.resume, changes, chosen.device, chosen.out, report)
    return train(config, chosen.out, report)


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
