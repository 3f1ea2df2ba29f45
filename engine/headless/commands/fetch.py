"""`fetch`: see engine/headless/fetch.py."""

import argparse

from engine.headless.options import add_json

NAME = "fetch"
HELP = "download pictures to train on"
ABOUT = """\
Download pictures to train on, check them and make them ready. Without a NAME, list what there is,
with its size and licence. Ctrl-C keeps what came, and the same command goes on from there."""
MORE = """\
The files go into a folder of your user data; the environment variable CONVSCOPE_DATA names another.
They and what is made of them take about twice the size of the download.

With --json every line on stdout is an object:
  {"event": "entry", "name": ..., "title": ..., "pictures": ..., "classes": ..., "size_HW": ...,
   "megabytes": ..., "licence": ..., "page": ..., "is_here": ...}   of NAME, or of each
  {"event": "progress", "done": ..., "total": ...}                  in bytes, while it downloads
  {"event": "finished", "name": ..., "pictures": ..., "classes": ..., "problems": ...,
   "folder": ...}                                                   at the end
  {"event": "interrupted", "message": ...}                          instead, after Ctrl-C
  {"event": "error", "message": ...}                                instead, when something is wrong

examples:
  {command} fetch
  {command} fetch cifar10
  {command} train --data cifar10"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", help="which; all are listed without it")
    add_json(parser)


def run(chosen: argparse.Namespace) -> int:
    from engine.headless.fetch import fetch_entry, print_catalogue

    if chosen.name is None:
        return print_catalogue(chosen.json)
    return fetch_entry(chosen.name, chosen.json)
