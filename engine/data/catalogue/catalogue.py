"""The sources that can be downloaded: torchvision's catalogue. Imports without torch.

Each has a folder of its own, where its files lie as they were downloaded or put by hand, and what
they were made into once so that it opens at once. Every function may run on any thread; only
`fetch`, and `open_entry` the first time, load torch and take long.
"""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import platformdirs
from msgspec.structs import replace

from engine.config import SubsetCounts
from engine.data.catalogue.entry import CatalogueEntry
from engine.data.catalogue.listing import CATS_DOGS, ENTRIES, Entry
from engine.data.source import Source
from engine.errors import DataError
from engine.program import COMMAND, NAME

FOLDER_VARIABLE = "CONVSCOPE_DATA"
"""The environment variable that names another folder for all downloads."""


def names() -> tuple[str, ...]:
    """What `--data` and `fetch` take, in the order in which they are listed."""
    return tuple(entry.name for entry in ENTRIES)


def entries() -> tuple[CatalogueEntry, ...]:
    """The list as a person reads it; looks for files, and at nothing else."""
    return tuple(
        CatalogueEntry(
            name=entry.name,
            title=entry.title,
            pictures=entry.pictures,
            classes=entry.classes,
            size_HW=entry.size_HW,
            megabytes=entry.megabytes,
            licence=entry.licence,
            page=entry.page,
            is_here=is_here(entry.name),
        )
        for entry in ENTRIES
    )


def folder_of(name: str) -> Path:
    """Where the files of an entry belong; DataError where there is none of that name."""
    entry = _find(name)
    parent = os.environ.get(FOLDER_VARIABLE)
    above = Path(parent).expanduser() if parent else _data_folder()
    return above.absolute() / "sources" / (entry.folder or entry.name)


def _data_folder() -> Path:
    """The person's own; on Windows that of older versions where something was fetched into it."""
    folder = platformdirs.user_data_path(NAME, appauthor=False)
    older = platformdirs.user_data_path(NAME)
    return older if (older / "sources").is_dir() else folder


def is_here(name: str) -> bool:
    """Whether `open_entry` has what it needs; DataError where there is none of that name."""
    from engine.data.catalogue.prepared import is_prepared

    folder = folder_of(name)
    return is_prepared(folder) or all((folder / file).is_file() for file in _find(name).files)


def open_entry(name: str, cancelled: Callable[[], bool] = lambda: False) -> Source:
    """The source of an entry: at once where it was open before.

    The first time its files are checked and made ready, which takes some seconds a gigabyte.
    DataError where it isn't here, damaged, or cancelled meanwhile.
    """
    from engine.data.catalogue.prepared import open_prepared

    entry, folder = _find(name), folder_of(name)
    prepared = open_prepared(folder)
    if prepared is None and is_here(name):
        _prepare(entry, cancelled)
        prepared = open_prepared(folder)
    if prepared is None and cancelled():
        raise DataError(f"{entry.title} wasn't opened: it was cancelled.", "Open it again.")
    if prepared is None:
        raise DataError(
            f"{entry.title} isn't on this machine.",
            f"Fetch it with `{COMMAND} fetch {name}`, or on the Data page "
            f"({entry.megabytes:,} MB).",
        )
    usual = SubsetCounts(train="rest", validation=entry.validation, test=entry.test)
    source = replace(prepared, name=entry.title, where=name, usual=usual)
    return _cats_against_dogs(source) if name == CATS_DOGS else source


def fetch(
    name: str, on_progress: Callable[[int, int], None], cancelled: Callable[[], bool]
) -> None:
    """Download what isn't there yet of an entry, check it and make it ready.

    `on_progress` gets the bytes that are there and all bytes, of all files together, where the sum
    is that of the catalogue until it is known. Where `cancelled` says so it ends soon, and the next
    time goes on from there. DataError with one sentence for whatever goes wrong, and a hint where
    to put which file by hand.
    """
    from engine.data.catalogue.download import download
    from engine.data.catalogue.files import files_of
    from engine.data.catalogue.prepared import open_prepared

    entry, folder = _find(name), folder_of(name)
    if open_prepared(folder) is not None:
        return
    wanted = files_of(entry.folder or name)
    if download(wanted, folder, entry.megabytes * 10**6, on_progress, cancelled):
        _prepare(entry, cancelled)


def _find(name: str) -> Entry:
    for entry in ENTRIES:
        if entry.name == name:
            return entry
    known = ", ".join(names())
    raise DataError(f"The catalogue has no {name!r}.", f"Choose one of: {known}.")


def _prepare(entry: Entry, cancelled: Callable[[], bool]) -> None:
    from engine.data.catalogue.files import files_of
    from engine.data.catalogue.readers import prepare

    own_name = entry.folder or entry.name
    prepare(own_name, entry.title, folder_of(entry.name), files_of(own_name), cancelled)


def _cats_against_dogs(pets: Source) -> Source:
    """The pets by species: the names of the cats' files are those that begin with a capital."""
    is_dog_N = np.array([name.rpartition("/")[2][:1].islower() for name in pets.names], np.int64)
    return replace(
        pets,
        classes=("cat", "dog"),
        labels_N=is_dog_N,
        fingerprint=pets.fingerprint[::-1],
    )
