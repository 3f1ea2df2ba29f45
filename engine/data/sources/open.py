"""Opening what pictures are learned from, whatever it is. No torch, any thread."""

import zipfile
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path

from engine.data.catalogue import catalogue
from engine.data.endings import MANIFESTS, OTHER_ARCHIVES, TABLES, ZIPS
from engine.data.reading.walking import is_picture, shown
from engine.data.source import Source
from engine.data.sources.archives import open_archive
from engine.data.sources.digits import DIGITS, open_digits
from engine.data.sources.findings import CHOOSE
from engine.data.sources.folders import cannot_read, open_folder
from engine.data.sources.manifests import open_manifest
from engine.data.sources.tables import open_table
from engine.errors import DataError
from engine.files import open_file, text_as_name


def open_source(where: str, cancelled: Callable[[], bool] = lambda: False) -> Source:
    """The pictures that a name or path stands for: "digits", a name of the catalogue, a folder, a
    zip, a CSV file of paths and labels, or a manifest of subsets.

    No picture is read yet. DataError when there are none, they can't be reached, or `cancelled`
    said so. A name comes before a folder that is called so. Takes 0.1 s for the digits, about a
    second for 100,000 files.
    """
    if where == DIGITS:
        return open_digits()
    if where in catalogue.names():
        return catalogue.open_entry(where, cancelled)
    try:
        if not where:
            raise DataError("The name of the pictures is empty.", CHOOSE)
        path = Path(text_as_name(where)).expanduser().absolute()
        if not path.exists():
            raise _unknown(where, path)
        if path.is_dir():
            return open_folder(path, cancelled)
        return _open_file(path, cancelled)
    except RuntimeError:  # of "~somebody"
        raise DataError(f"{shown(where)} doesn't exist.", "Check its name and folder.") from None
    except (OSError, ValueError) as error:
        raise DataError(str(cannot_read(where, error))) from error


def _open_file(path: Path, cancelled: Callable[[], bool]) -> Source:
    suffix = path.suffix.lower()
    if suffix in TABLES:
        return open_table(path, cancelled)
    if suffix in MANIFESTS:
        return open_manifest(path, lambda base: open_source(base, cancelled))
    if suffix in OTHER_ARCHIVES:
        raise DataError(
            f"{shown(path.name)} is an archive of a kind that isn't read in place.",
            "Unpack it, and choose the folder that comes out.",
        )
    if is_picture(path.name):
        raise DataError(
            f"{shown(path.name)} is a single picture.",
            "Choose the folder of the pictures to learn from.",
        )
    if suffix not in ZIPS and not _is_zip(path):
        raise DataError(f"{shown(path.name)} isn't a zip, a CSV file or a manifest.", CHOOSE)
    return open_archive(path, cancelled)


def _is_zip(path: Path) -> bool:
    with BufferedReader(open_file(path)) as file:
        return zipfile.is_zipfile(file)


def _unknown(where: str, path: Path) -> DataError:
    if path.parent != Path.cwd() or path.suffix:
        return DataError(f"{shown(str(path))} doesn't exist.", "Check its name and folder.")
    known = ", ".join((DIGITS, *catalogue.names()))
    return DataError(
        f"There is no data called {where!r}, and no file or folder of that name.",
        f"Choose a path, or one of: {known}.",
    )
