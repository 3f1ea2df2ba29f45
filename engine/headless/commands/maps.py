"""`maps`: see engine/headless/maps.py."""

import argparse

from engine.headless.options import add_invert, add_network, path_from

NAME = "maps"
HELP = "write the feature maps of a picture"
ABOUT = """\
Write the feature maps that a trained network has of a picture: what each filter of a layer found,
and where."""
MORE = """\
FILE.npz holds an array for each tap, unscaled float32 of the shape (maps, height, width).
FILE.png shows the maps of one tap side by side, each scaled to its own range.
A tap is a layer, such as conv1 or pool2, or a conv layer before its activation: conv1.conv.

examples:
  {command} maps --network runs/digits 7.png --out maps.npz
  {command} maps --network runs/digits 7.png --tap conv2 --out conv2.png"""


def add_options(parser: argparse.ArgumentParser) -> None:
    add_network(parser)
    add = parser.add_argument
    add("image", metavar="IMAGE", type=path_from, help="a picture file")
    add(
        "--tap",
        metavar="NAME",
        action="append",
        default=[],
        help="only this layer; for an NPZ it may be given several times (default: every layer with"
        " maps; for a PNG the first conv layer)",
    )
    add("--out", metavar="FILE", type=path_from, required=True, help="FILE.npz or FILE.png")
    add_invert(parser)


def run(chosen: argparse.Namespace) -> int:
    from engine.headless.maps import write_maps

    taps = write_maps(chosen.network, chosen.image, chosen.tap, chosen.out, chosen.invert)
    print(f"Wrote {', '.join(taps)} to {chosen.out}.")
    return 0
