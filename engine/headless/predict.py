"""`predict`: the classes of picture files, with probabilities."""

import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import torch

from engine.data.reading.pictures import find_pictures, read_picture
from engine.errors import PictureError
from engine.headless.lines import print_json
from engine.headless.seen import tensor_of
from engine.networks.scores import class_scores
from engine.program import NAME
from engine.runs.saved import Trained, open_trained


def predict(network: str, images: Iterable[Path], inverted: bool, as_json: bool) -> int:
    """Print the classes of each picture, the likeliest first; a folder gives the pictures in it.

    A picture that can't be read is a sentence on stderr, and with `as_json` an object with the
    sentence as well; the others are still predicted, and the exit code is then 1. RunError when the
    network can't be read.
    """
    trained = open_trained(network)
    unread = 0

    def complain(name: str, sentence: str) -> None:
        nonlocal unread
        unread += 1
        if as_json:
            print_json({"image": name, "error": sentence})
        print(f"{NAME}: {sentence}", file=sys.stderr)

    def complain_of_folder(top: str, name: str, reason: str) -> None:
        complain(top, f"{name}: {reason}")

    def found() -> Iterator[Path]:
        for top in images:
            yield from find_pictures([top], partial(complain_of_folder, str(top)))

    for path in found():
        try:
            classes = _classes(trained, path, inverted)
        except PictureError as error:
            complain(str(path), str(error))
            continue
        if as_json:
            predictions = [{"class": name, "probability": share} for name, share in classes]
            print_json({"image": str(path), "predictions": predictions})
        else:
            lines = [f"  {100 * share:5.1f} %  {name}" for name, share in classes]
            print(path, *lines, sep="\n", flush=True)
    return 1 if unread else 0


@torch.inference_mode()
def _classes(trained: Trained, path: Path, inverted: bool) -> list[tuple[str, float]]:
    output_1K = trained.network(tensor_of(read_picture(path), trained, inverted))
    shares: list[float] = class_scores(output_1K).softmax(1)[0].tolist()
    return sorted(zip(trained.classes, shares, strict=True), key=lambda pair: -pair[1])
