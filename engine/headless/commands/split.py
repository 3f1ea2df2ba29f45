"""`split`: see engine/headless/split.py."""

import argparse

from engine.headless.options import add_count, add_json, name_from, path_from
from engine.headless.train_options import add_subset_options, subset_counts

NAME = "split"
HELP = "divide pictures into subsets"
ABOUT = """\
Divide pictures into those to train, to validate and to test with: of each class as many as you say,
chosen at random from SEED, no picture in two of them. Every picture is read once: one that can't be
is listed with the reason and counts for nothing. Identical ones in two subsets are reported."""
MORE = """\
SOURCE is digits, a name that fetch lists, or the path of
  a folder or zip with a folder of pictures for each class, cats/ and dogs/;
  a folder or zip of pictures named as in Dogs vs Cats: cat.0.jpg, dog.0.jpg;
  either of these in folders named train, validation and test;
  a CSV file with the columns path and label, and subset if you like;
  or a manifest that split wrote.
A zip is read in place.

FILE.json becomes a manifest: a list of which picture is where, that train takes as --data.
DIR becomes folders of copies: train/cats, validation/cats, and so on. It must be new or empty.

Without numbers the subsets that SOURCE comes with are taken; else four fifths of each class train,
a tenth validates and a tenth tests. A class with fewer pictures than asked for is divided in the
same proportions.

With --json every line on stdout is an object:
  {"event": "read", "done": ..., "total": ...}    up to twenty times; "write" the same for folders
  {"event": "split", "classes": [...], "train": ..., "validation": ..., "test": ...,
   "left_out": ..., "seed": ..., "notes": [...], "problems": [{"name": ..., "sentence": ...}, ...],
   "alike": [[{"name": ..., "subset": ...}, ...], ...], "out": ...}      at the end
  {"event": "error", "message": ...}                    instead, when something is wrong

examples:
  {command} split dogs-vs-cats.zip --train 1000 --validation 500 --test 500 --out small.json
  {command} split pictures/ --train rest --validation 100 --seed 1 --out pictures-split
  {command} train --data small.json"""


def add_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("source", metavar="SOURCE", type=name_from, help="the pictures to divide")
    add_subset_options(parser)
    add_count(parser, "--seed", 0, "what the choice starts from (default: 0)")
    add(
        "--out",
        metavar="DIR|FILE.json",
        type=path_from,
        required=True,
        help="where to write to",
    )
    add_json(parser)


def run(chosen: argparse.Namespace) -> int:
    from engine.headless.split import split

    counts = subset_counts(chosen)
    return split(chosen.source, counts, chosen.seed or 0, chosen.out, chosen.json)
