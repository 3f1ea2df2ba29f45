"""From the downloaded files of an entry of the catalogue to what opens at once."""

import lzma
import pickle
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.data.catalogue import arrays, labels
from engine.data.catalogue.download import Wanted, is_right, writing
from engine.data.catalogue.prepared import write_arrays, write_pictures
from engine.errors import DataError
from engine.program import COMMAND

_READ_ARRAYS = {
    "mnist": arrays.read_mnist,
    "fashion-mnist": arrays.read_fashion,
    "kmnist": arrays.read_kmnist,
    "cifar10": arrays.read_cifar,
    "cifar100": arrays.read_cifar,
    "svhn": arrays.read_svhn,
    "stl10": arrays.read_stl10,
}
_LABEL = {
    # Where the pictures are in the archives, and what says what is on them.
    "pets": ("images/", labels.label_pets),
    "flowers102": ("jpg/", labels.label_flowers),
    "imagenette": ("imagenette2-160/", labels.label_imagenette),
    "eurosat": ("2750/", labels.label_eurosat),
    "gtsrb": ("GTSRB/", labels.label_signs),
    "food101": ("food-101/images/", labels.label_food),
    "dtd": ("dtd/images/", labels.label_textures),
    "fgvc-aircraft": ("fgvc-aircraft-2013b/data/images/", labels.label_aircraft),
}
_DAMAGED = (
    *(ValueError, LookupError, EOFError, TypeError, RuntimeError, OSError, MemoryError),
    *(zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError, pickle.UnpicklingError),
)
"""What reading a damaged file raises in one module or another."""


def prepare(
    name: str,
    title: str,
    folder: Path,
    files: Sequence[Wanted],
    cancelled: Callable[[], bool],
) -> None:
    """Check the files of an entry, and make them ready in their folder.

    DataError where one is missing or damaged, or the folder can't be written. When `cancelled`
    nothing has been made.
    """
    again = f"Fetch it again with `{COMMAND} fetch {name}`."
    paths = [folder / file.name for file in files]
    for path, file in zip(paths, files, strict=True):
        with writing(folder):
            if not is_right(path, file.md5):
                raise DataError(f"{path} is missing, or damaged: its checksum is wrong.", again)
    try:
        if name in _READ_ARRAYS:
            write_arrays(folder, _READ_ARRAYS[name](paths))
        else:
            inside, label = _LABEL[name]
            write_pictures(folder, paths, inside, label, cancelled)
    except ImportError as error:
        raise DataError(
            f"{title} can't be read: {error}.", "Install the versions in requirements.txt."
        ) from error
    except _DAMAGED as error:
        if not isinstance(error, OSError | MemoryError):
            for path, file in zip(paths, files, strict=True):
                if file.md5 is None:  # else a fetch would take it for the right one again
                    path.unlink(missing_ok=True)
        raise DataError(f"{title} in {folder} can't be read: {error}.", again) from error
