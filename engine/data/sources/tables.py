"""A CSV file of paths and labels as a source. Every function may run on any thread."""

import csv
import io
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from engine.data.reading.walking import is_picture, shown
from engine.data.source import NO_SUBSET, Problem, Source
from engine.data.sources.findings import fingerprint
from engine.data.sources.folders import FolderFiles, cannot_read, stopped
from engine.data.sources.labelling import class_names, normal, subset_of, usable
from engine.errors import DataError
from engine.files import name_as_text, read_file, text_as_name

PATHS = ("path", "file", "filename", "filepath", "image", "imagepath", "imagename", "imagefile")
LABELS = ("label", "class", "target", "category", "classname", "labelname", "labels")
SUBSETS = ("subset", "split", "partition", "set")

MOST_BYTES = 2**28
"""Of a CSV file: 256 MiB."""
MOST_ROWS = 5_000_000
LONGEST = 4096
"""Letters of a path or label."""

_DELIMITERS = ",;\t|"
_END = "\0the end"
_HINT = (
    'The first line names the columns, such as "path,label"; each further line is a picture, its '
    "path as seen from the folder of the CSV file."
)

_Columns = tuple[int, int, int | None]
"""Of the path, the label and the subset."""


def open_table(path: Path, cancelled: Callable[[], bool]) -> Source:
    """The pictures that a CSV file lists; rows that can't be used are problems.

    The columns are found by their names, else the first two are taken. DataError when the file
    can't be read or none of its rows can be used.
    """
    rows = _rows(path)
    columns: _Columns | None = None
    table = _Table(path)
    for number, row in rows:
        if cancelled():
            raise stopped(path)
        if not any(field.strip() for field in row):
            continue
        if columns is None:
            columns, is_heading = _columns(path, row)
            if is_heading:
                continue
        table.add(number, row, columns)
    if columns is None:
        raise _no_columns(path)
    return table.source()


class _Table:
    """Collects the rows of a CSV file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._label: dict[str, str] = {}
        self._stamps: list[tuple[int, int, int]] = []
        self._subsets: list[int] = []
        self._problems: list[Problem] = []

    def add(self, number: int, row: Sequence[str], columns: _Columns) -> None:
        name, label, subset = (
            row[column].strip() if column is not None and column < len(row) else ""
            for column in columns
        )
        label = normal(label)
        name = self._with_slashes(name)
        if len(self._label) + len(self._problems) >= MOST_ROWS:
            raise DataError(f"{shown(self._path.name)} has more than {MOST_ROWS:,} rows.", _HINT)
        if any("\n" in word or "\r" in word for word in (name, label, subset)):
            self._problem(f"line {number:,}", "A quote is opened in it and not closed.")
        elif max(len(name), len(label)) > LONGEST:
            self._problem(f"line {number:,}", f"It has more than {LONGEST:,} letters in a column.")
        elif not name:
            self._problem(f"line {number:,}", "It has no path.")
        elif not label:
            self._problem(name, f"Line {number:,} gives it no label.")
        elif name in self._label:
            same = self._label[name] == label
            other = "" if same else f" and another label, {label!r}"
            self._problem(name, f"Line {number:,} lists it again{other}; the first counts.")
        elif columns[2] is not None and subset and subset_of(subset) == NO_SUBSET:
            self._problem(name, f"Its subset {subset!r} isn't train, validation or test.")
        else:
            self._add_file(name, label, subset_of(subset))

    def _add_file(self, name: str, label: str, subset: int) -> None:
        try:
            status = (self._path.parent / text_as_name(name)).stat()
        except (OSError, ValueError) as error:
            missing = isinstance(error, FileNotFoundError)
            reason = "There is no such file." if missing else str(cannot_read("It", error))
            self._problem(name, reason)
            return
        if not stat.S_ISREG(status.st_mode):
            self._problem(name, "It isn't a file.")
            return
        self._label[name] = label
        self._stamps.append((status.st_size, status.st_mtime_ns, status.st_ctime_ns))
        self._subsets.append(subset)

    def _with_slashes(self, name: str) -> str:
        """A path that was written on Windows, where it is meant so."""
        if "\\" in name and not os.path.lexists(self._path.parent / name):
            return name.replace("\\", "/")
        return name

    def source(self) -> Source:
        """DataError where no row can be used."""
        place = shown(self._path.name)
        if not self._label:
            if not self._problems:
                raise DataError(f"{place} lists no pictures.", _HINT)
            first = self._problems[0]
            raise DataError(f"No row of {place} can be used. {first.name}: {first.sentence}", _HINT)
        names = tuple(self._label)
        classes = class_names(self._label.values())
        number = {name: place for place, name in enumerate(classes)}
        labels_N = np.array([number[label] for label in self._label.values()], np.int64)
        stamps = np.array(self._stamps, np.int64)
        return Source(
            name=place,
            where=name_as_text(str(self._path)),
            classes=classes,
            names=names,
            labels_N=labels_N,
            fingerprint=fingerprint(names, classes, labels_N, stamps),
            files=FolderFiles(str(self._path.parent), names, stamps[:, 0].copy()),
            subset_N=usable(np.array(self._subsets)),
            problems=tuple(self._problems),
        )

    def _problem(self, name: str, sentence: str) -> None:
        self._problems.append(Problem(shown(name), sentence))


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file, each with the number of the line that it begins in."""
    try:
        text = read_file(path, MOST_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise DataError(str(cannot_read(str(path), error)), "Or choose another file.") from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{shown(path.name)} isn't a CSV file in UTF-8.", "Save it as CSV with UTF-8."
        ) from error
    # One line more than the file has: it isn't a row of its own where a quote is still open.
    lines = chain(io.StringIO(text, newline=""), [_END])
    reader = csv.reader(lines, delimiter=_delimiter(text))
    number = 1
    try:
        for row in reader:
            if row == [_END]:
                return
            if reader.line_num > number and _END in row[-1]:
                raise DataError(
                    f"{shown(path.name)} isn't a CSV file: a quote in line {number:,} is never "
                    "closed.",
                    _HINT,
                )
            yield number, row
            number = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{shown(path.name)} isn't a CSV file: {error}.", _HINT) from error


def _delimiter(text: str) -> str:
    """What separates the columns: what is there most often in the first line."""
    first = text.lstrip().partition("\n")[0]
    return max(_DELIMITERS, key=first.count)


def _no_columns(path: Path) -> DataError:
    return DataError(f"{shown(path.name)} has no columns of paths and labels.", _HINT)


def _columns(path: Path, head: list[str]) -> tuple[_Columns, bool]:
    """Where the columns are, and whether the first row is but their names."""
    if len(head) < 2:
        raise _no_columns(path)
    words = ["".join(filter(str.isalnum, word)).casefold() for word in head]
    path_column, label_column = _place(words, PATHS), _place(words, LABELS)
    if path_column is None and label_column is None and any(map(is_picture, head[:2])):
        return (0, 1, None), False  # the first row is a picture
    others = (column for column in range(len(head)) if column not in (path_column, label_column))
    subset_column = _place(words, SUBSETS)
    return (
        _or_next(path_column, others),
        _or_next(label_column, others),
        subset_column if subset_column not in (path_column, label_column) else None,
    ), True


def _place(words: Sequence[str], names: Sequence[str]) -> int | None:
    return next((words.index(name) for name in names if name in words), None)


def _or_next(column: int | None, others: Iterator[int]) -> int:
    return next(others) if column is None else column
