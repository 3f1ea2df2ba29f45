"""Which files the sources of the catalogue consist of, as the installed torchvision knows it.

Addresses and checksums are torchvision's business: a list of our own would go stale. Loads torch
when it is called.
"""

from collections.abc import Callable
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import Any

from engine.data.catalogue.download import Wanted
from engine.errors import DataError


def files_of(name: str) -> tuple[Wanted, ...]:
    """The files of an entry of the catalogue, with addresses and checksums.

    DataError where the installed torchvision doesn't say them as we know it.
    """
    try:
        return _files_of(name)
    except (ImportError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"The installed torchvision doesn't say where {name} is to be had: {error}.",
            "Install the versions in requirements.txt.",
        ) from error


def _files_of(name: str) -> tuple[Wanted, ...]:
    from torchvision import datasets

    match name:
        case "mnist" | "fashion-mnist" | "kmnist":
            kind = {"mnist": datasets.MNIST, "kmnist": datasets.KMNIST}.get(
                name, datasets.FashionMNIST
            )
            return tuple(
                Wanted(file, tuple(mirror + file for mirror in kind.mirrors), md5)
                for file, md5 in kind.resources
            )
        case "cifar10" | "cifar100" | "stl10":
            kind = {"cifar10": datasets.CIFAR10, "cifar100": datasets.CIFAR100}.get(
                name, datasets.STL10
            )
            return (Wanted(kind.filename, (kind.url,), kind.tgz_md5),)
        case "svhn":
            listed = (datasets.SVHN.split_list[split] for split in ("train", "test"))
            return tuple(Wanted(file, (url,), md5) for url, file, md5 in listed)
        case "pets":
            return tuple(_wanted(url, md5) for url, md5 in datasets.OxfordIIITPet._RESOURCES)
        case "flowers102":
            above = datasets.Flowers102._download_url_prefix
            listed = datasets.Flowers102._file_dict.values()
            return tuple(_wanted(above + file, md5) for file, md5 in listed)
        case "imagenette":
            return (_wanted(*datasets.Imagenette._ARCHIVES["160px"]),)
        case "eurosat":
            return _fetched_by(datasets.EuroSAT.download)
        case "gtsrb":
            load = datasets.GTSRB.download
            return _fetched_by(load, _split="train") + _fetched_by(load, _split="test")
        case "food101":
            return (_wanted(datasets.Food101._URL, datasets.Food101._MD5),)
        case "dtd":
            return (_wanted(datasets.DTD._URL, datasets.DTD._MD5),)
        case "fgvc-aircraft":
            return (_wanted(datasets.FGVCAircraft._URL, None),)
    raise KeyError(name)


def _wanted(url: str, md5: str | None) -> Wanted:
    return Wanted(url.rpartition("/")[2], (url,), md5)


def _fetched_by(method: Callable[..., Any], **fields: str) -> tuple[Wanted, ...]:
    """What the `download` of a data set would fetch, where its code alone says it.

    A copy of the method runs, with a list in place of what downloads, and fetches nothing.
    """
    found: list[Wanted] = []

    def note(url: str, download_root: object, md5: str) -> None:
        found.append(_wanted(url, md5))

    names = {**method.__globals__, "download_and_extract_archive": note}
    dataset = SimpleNamespace(_check_exists=lambda: False, _base_folder=Path(), **fields)
    FunctionType(method.__code__, names)(dataset)
    return tuple(found)
