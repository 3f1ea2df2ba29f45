"""What is on the pictures of the sources of the catalogue that come as files.

Each function gets the names of the pictures in their archives and the contents of the lists beside
them, by name, and gives Labels. KeyError, ValueError or IndexError where a list isn't as it should
be.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence

from engine.data.catalogue.arrays import read_mat
from engine.data.catalogue.prepared import Labels
from engine.data.source import SUBSETS

_TRAIN, _VALIDATION, _TEST = (SUBSETS.index(name) for name in ("train", "validation", "test"))
_THREE = (("train", _TRAIN), ("val", _VALIDATION), ("test", _TEST))
_SIGNS = (
    "speed limit 20",
    "speed limit 30",
    "speed limit 50",
    "speed limit 60",
    "speed limit 70",
    "speed limit 80",
    "end of speed limit 80",
    "speed limit 100",
    "speed limit 120",
    "no overtaking",
    "no overtaking for lorries",
    "right of way at the next crossing",
    "priority road",
    "give way",
    "stop",
    "no vehicles",
    "no lorries",
    "no entry",
    "danger",
    "bend to the left",
    "bend to the right",
    "double bend",
    "uneven road",
    "slippery road",
    "road narrows on the right",
    "road works",
    "traffic lights",
    "pedestrians",
    "children",
    "bicycles",
    "ice or snow",
    "wild animals",
    "end of all limits",
    "turn right ahead",
    "turn left ahead",
    "ahead only",
    "ahead or right",
    "ahead or left",
    "keep right",
    "keep left",
    "roundabout",
    "end of no overtaking",
    "end of no overtaking for lorries",
)
"""The 43 classes of GTSRB by their numbers: the data set itself has no names for them."""


def label_pets(names: Sequence[str], texts: Mapping[str, bytes]) -> Labels:
    breeds: dict[int, str] = {}
    of: dict[str, tuple[int, int | None]] = {}
    for part, subset in (("trainval", _TRAIN), ("test", _TEST)):
        for line in _lines(texts[f"annotations/{part}.txt"]):
            picture, breed, _, _ = line.split()
            of[f"images/{picture}.jpg"] = (int(breed) - 1, subset)
            breeds[int(breed) - 1] = picture.rpartition("_")[0].replace("_", " ").title()
    return Labels([breeds[number] for number in range(len(breeds))], of)


def label_flowers(names: Sequence[str], texts: Mapping[str, bytes]) -> Labels:
    from torchvision.datasets import Flowers102

    label_N = read_mat(io.BytesIO(texts["imagelabels.mat"]))["labels"].ravel()
    parts = read_mat(io.BytesIO(texts["setid.mat"]))
    of: dict[str, tuple[int, int | None]] = {
        f"jpg/image_{number:05}.jpg": (int(label_N[number - 1]) - 1, subset)
        for part, subset in (("trnid", _TRAIN), ("valid", _VALIDATION), ("tstid", _TEST))
        for number in parts[part].ravel().tolist()
    }
    return Labels(Flowers102.classes, of)


def label_imagenette(names: Sequence[str], texts: Mapping[str, bytes]) -> Labels:
    from torchvision.datasets import Imagenette

    readable = Imagenette._WNID_TO_CLASS
    subset_of = dict(_THREE)
    parts = {name: name.split("/") for name in names}  # imagenette2-160/train/n01440764/x.JPEG
    wnids = sorted({wnid for _, _, wnid, _ in parts.values()})
    of: dict[str, tuple[int, int | None]] = {
        name: (wnids.index(wnid), subset_of[part]) for name, (_, part, wnid, _) in parts.items()
    }
    return Labels([readable[wnid][0] for wnid in wnids], of)


def label_eurosat(names: Sequence[str], texts: Mapping[str, bytes]) -> Labels:
    folder_of = {name: name.split("/")[1] for name in names}  # 2750/AnnualCrop/AnnualCrop_1.jpg
    folders = sorted(set(folder_of.values()))
    readable = [re.sub(r"(?<=[a-z])(?=[A-Z])", " ", folder).lower() for folder in folders]
    return Labels(readable, {name: (folders.index(at), None) for name, at in folder_of.items()})


def label_signs(names: Sequence[str], texts: Mapping[str, bytes]) -> Labels:
    of: dict[str, tuple[int, int | None]] = {}
    for name in names:  # GTSRB/Training/00012/00000_00000.ppm
        if name.startswith("GTSRB/Training/"):
            of[name] = (int(name.split("/")[2]), _TRAIN)
    listed = io.StringIO(texts["GT-final_test.csv"].decode())
    for row in csv.DictReader(listed, delimiter=";", skipinitialspace=True):
        of[f"GTSRB/Final_Test/Images/{row['Filename']}"] = (int(row["ClassId"]), _TEST)
    return Labels(_SIGNS, of)


def label_food(names: Sequence[str], texts: Mapping[str, bytes]) -> Labels:
    rows = [
        (f"food-101/images/{picture}.jpg", food, subset)
        for part, subset in (("train", _TRAIN), ("test", _TEST))
        for food, pictures in json.loads(texts[f"food-101/meta/{part}.json"]).items()
        for picture in pictures
    ]
    return _labels(rows, sorted({food for _, food, _ in rows}))


def label_textures(names: Sequence[str], texts: Mapping[str, bytes]) -> Labels:
    rows = [
        (f"dtd/images/{line}", line.split("/")[0], subset)
        for part, subset in _THREE
        for line in _lines(texts[f"dtd/labels/{part}1.txt"])  # the first of ten divisions
    ]
    return _labels(rows, sorted({texture for _, texture, _ in rows}))


def label_aircraft(names: Sequence[str], texts: Mapping[str, bytes]) -> Labels:
    above = "fgvc-aircraft-2013b/data"
    rows = []
    for part, subset in _THREE:
        for line in _lines(texts[f"{above}/images_variant_{part}.txt"]):
            picture, variant = line.split(" ", 1)
            rows.append((f"{above}/images/{picture}.jpg", variant, subset))
    return _labels(rows, _lines(texts[f"{above}/variants.txt"]))


def _labels(rows: Iterable[tuple[str, str, int]], classes: Sequence[str]) -> Labels:
    number_of = {name: number for number, name in enumerate(classes)}
    of: dict[str, tuple[int, int | None]] = {
        picture: (number_of[name], subset) for picture, name, subset in rows
    }
    return Labels([name.replace("_", " ") for name in classes], of)


def _lines(text: bytes) -> list[str]:
    return [line.strip() for line in text.decode().splitlines() if line.strip()]
