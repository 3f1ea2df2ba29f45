"""Subsets written out as folders: train/cats/1.jpg, validation/cats/2.jpg, ... Any thread."""

import errno
import io
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from PIL import Image

from engine.data.places import check_place
from engine.data.reading.unread import UNREADABLE, why_unread
from engine.data.reading.walking import shown
from engine.data.source import SUBSETS, Problem, Source, Subsets
from engine.errors import DataError
from engine.files import text_as_name

_ANOTHER = "Choose another place."
_UNFIT = re.compile(r'[<>:"/\\|?*\x00-\x1f\ud800-\udfff\U0010f780-\U0010f7ff]')
_LONGEST = 150  # characters of a name; four bytes each are too many for no system
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def write_folders(
    folder: Path,
    source: Source,
    subsets: Subsets,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Problem, ...]:
    """Copy the pictures of each subset, the files as they are, into a folder a subset and class.

    Gives the pictures that could not be read any more. Pictures that come as an array become PNG
    files; of files of one name in one class, all but the first get a number. EngineError when
    `folder` isn't empty or can't be written; what was begun is then removed, as when `cancelled`.
    """
    check_folder(folder, source)
    was_there = folder.is_dir()
    try:
        return _write(folder, source, subsets, on_progress, cancelled)
    except BaseException as error:
        rest = _removed(folder, was_there)
        if isinstance(error, OSError):
            raise _cannot_write(folder, error, rest) from error
        raise


def check_folder(folder: Path, source: Source) -> None:
    """DataError where subsets must not be written: a folder that isn't empty, or in the source."""
    place = shown(str(folder))
    try:
        if folder.is_dir() and any(folder.iterdir()):
            raise DataError(f"{place} isn't empty.", "Choose a new or empty folder.")
        check_place(folder)
        place_of_source = Path(text_as_name(source.where)).resolve()
        if folder.resolve().is_relative_to(place_of_source) and source.files:
            raise DataError(f"{place} lies in the source itself.", "Choose a folder outside of it.")
    except OSError as error:
        raise _cannot_write(folder, error) from error


def _write(
    folder: Path,
    source: Source,
    subsets: Subsets,
    on_progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> tuple[Problem, ...]:
    problems: list[Problem] = []
    total, done = int((subsets.subset_N >= 0).sum()), 0
    class_folders = _unique(list(source.classes))
    for subset in SUBSETS:
        index_M = subsets.indices(subset)
        for label, class_folder in enumerate(class_folders):
            chosen = index_M[source.labels_N[index_M] == label].tolist()
            if not chosen:
                continue
            inner = folder / subset / class_folder
            inner.mkdir(parents=True)
            for index, name in zip(chosen, _file_names(source, chosen), strict=True):
                if cancelled():
                    raise DataError(f"{shown(str(folder))} wasn't written: it was cancelled.")
                try:
                    data = _encoded(source, index)
                except UNREADABLE as error:
                    shown_name = shown(source.names[index])
                    problems.append(Problem(shown_name, why_unread(shown_name, error)))
                else:
                    with (inner / name).open("xb") as file:
                        file.write(data)
                done += 1
                on_progress(done, total)
    return tuple(problems)


def _encoded(source: Source, index: int) -> bytes:
    if source.files is not None:
        return source.files.read(index)
    assert source.pictures_NCHW is not None
    rgb_HWC = source.pictures_NCHW[index].transpose(1, 2, 0)
    file = io.BytesIO()
    Image.fromarray(rgb_HWC.squeeze(2) if rgb_HWC.shape[2] == 1 else rgb_HWC).save(file, "PNG")
    return file.getvalue()


def _file_names(source: Source, indices: list[int]) -> list[str]:
    names = [re.split(r"[/\\]", source.names[index])[-1] for index in indices]
    return _unique(names if source.files is not None else [f"{name}.png" for name in names])


def _unique(names: list[str]) -> list[str]:
    """Names for files or folders that any system takes, no two the same in upper or lower case."""
    taken: set[str] = set()
    chosen: list[str] = []
    for name in names:
        fit = first = _fit(name)
        number = 1
        while fit.casefold() in taken:
            number += 1
            stem, dot, suffix = first.rpartition(".")
            fit = f"{stem} ({number}).{suffix}" if dot and stem else f"{first} ({number})"
        taken.add(fit.casefold())
        chosen.append(fit)
    return chosen


def _fit(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    if dot and len(name) > _LONGEST:
        name = f"{stem[: _LONGEST - 10]}.{suffix[:9]}"
    name = _UNFIT.sub("_", name)[:_LONGEST].strip().rstrip(".")
    # Hidden ones would not be found again.
    unfit = not name or name.startswith(".") or _RESERVED.fullmatch(name)
    return f"_{name}" if unfit else name


def _removed(folder: Path, was_there: bool) -> bool:
    """Remove what was begun; whether all of it has gone."""
    with suppress(OSError):
        for inner in [folder / subset for subset in SUBSETS] if was_there else [folder]:
            if inner.exists():
                shutil.rmtree(inner)
    return not (any(folder.glob("*")) if was_there else folder.exists())


def _cannot_write(folder: Path, error: OSError, gone: bool = True) -> DataError:
    rest = "" if gone else " What was begun is still there."
    place = shown(str(folder))
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DataError(f"{place} can't be written: the disk is full.{rest}", "Free some space.")
    reason = (error.strerror or str(error)).lower()
    return DataError(f"{place} can't be written: {reason}.{rest}", _ANOTHER)
