"""What a folder or an archive was found to hold, and the source that it makes. Any thread."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from engine.data.endings import OTHER_ARCHIVES, ZIPS
from engine.data.reading.walking import shown
from engine.data.source import Files, Problem, Source
from engine.data.sources.labelling import label
from engine.errors import DataError
from engine.files import name_as_text

CHOOSE = (
    "Choose a folder or zip with a folder of pictures for each class, or with pictures named as "
    "cat.0.jpg and dog.0.jpg are."
)

# Files that lie beside pictures and are surely none. Others with an unknown extension, or without
# one, may be pictures that somebody misses.
_SURELY_NONE = (
    *(".txt", ".md", ".rst", ".pdf", ".doc", ".docx", ".rtf", ".html", ".htm", ".css", ".js"),
    *(".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".log"),
    *(".py", ".pyc", ".ipynb", ".sh", ".bat", ".mat", ".npy", ".npz", ".pkl", ".pt", ".pth", ".h5"),
    *(".xlsx", ".xls", ".ods", ".sqlite", ".db", ".lnk", ".url", ".md5", ".sha1", ".sha256"),
    *(".mp3", ".wav", ".mp4", ".mov", ".avi", ".mkv", ".webm"),
)
_SURELY_NONE_NAMES = ("readme", "license", "licence", "copying", "makefile", "desktop.ini")

MakeFiles = Callable[[tuple[str, ...], np.ndarray], Files]


class Findings:
    """Collects the files of one place in the order in which its pictures are to come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folders: list[tuple[str, list[str]]] = []
        self._stamps: list[np.ndarray] = []
        self._problems: list[Problem] = []
        self._unknown: list[str] = []
        self.archives: list[str] = []

    def add(
        self, folder: str, names: list[str], stamps: Sequence[Sequence[int]] | np.ndarray
    ) -> None:
        """The picture files of a folder; the numbers of a stamp change when its file does."""
        self._folders.append((folder, names))
        if names:
            self._stamps.append(np.array(stamps, np.int64))

    def problem(self, name: str, sentence: str) -> None:
        """A file or folder that can't be used."""
        self._problems.append(Problem(shown(name), sentence))

    def other(self, name: str) -> None:
        """A file that isn't a picture by its name."""
        base = name.rpartition("/")[2].lower()
        if base.endswith((*ZIPS, *OTHER_ARCHIVES)):
            self.archives.append(name)
        elif not base.endswith(_SURELY_NONE) and base not in _SURELY_NONE_NAMES:
            self._unknown.append(name)

    @property
    def is_empty(self) -> bool:
        """Whether no picture was added."""
        return not self._stamps

    def source(self, title: str, make_files: MakeFiles) -> Source:
        """What was found; `make_files` gets names and stamps, (N, ...) int64, of what can be used.

        DataError when that is nothing.
        """
        self._tell_of_others()
        self._tell_of_empty_folders()
        if self.is_empty:
            raise self._nothing()
        labels = label(self._folders, title)
        names = [
            f"{folder}/{name}" if folder else name
            for folder, inner in self._folders
            for name in inner
        ]
        for place, sentence in labels.sentences.items():
            self.problem(names[place], sentence)
        kept_N = labels.labels_N >= 0
        if not kept_N.any():
            raise self._nothing()
        kept_names = tuple(name for name, kept in zip(names, kept_N.tolist(), strict=True) if kept)
        stamps = np.concatenate(self._stamps)[kept_N]
        labels_N = labels.labels_N[kept_N]
        return Source(
            name=shown(self._path.name),
            where=name_as_text(str(self._path)),
            classes=labels.classes,
            names=kept_names,
            labels_N=labels_N,
            fingerprint=fingerprint(kept_names, labels.classes, labels_N, stamps),
            files=make_files(kept_names, stamps),
            subset_N=None if labels.subset_N is None else labels.subset_N[kept_N],
            problems=tuple(self._problems),
        )

    def _tell_of_others(self) -> None:
        if not self._unknown:
            return
        more = len(self._unknown) - 1
        others = f", nor are {more:,} others" if more > 1 else ", nor is one other" if more else ""
        self.problem(
            self._unknown[0],
            f"It isn't a picture by its name{others}. If it is one, give it an extension such as "
            ".jpg or .png.",
        )

    def _tell_of_empty_folders(self) -> None:
        """A folder that should be a class, perhaps. Of one within another the outer one."""
        filled = {""}
        for folder, names in self._folders:
            while names and folder not in filled:
                filled.add(folder)
                folder = folder.rpartition("/")[0]
        for folder, _ in self._folders:
            if folder not in filled and folder.rpartition("/")[0] in filled and not self.is_empty:
                self.problem(folder, "There are no pictures in this folder.")

    def _nothing(self) -> DataError:
        place = shown(str(self._path))
        if self._problems:
            first = self._problems[0]
            return DataError(
                f"No picture in {place} can be used. {first.name}: {first.sentence}", CHOOSE
            )
        return DataError(f"There are no pictures in {place}.", CHOOSE)


def fingerprint(
    names: Sequence[str], classes: Sequence[str], labels_N: np.ndarray, stamps: np.ndarray
) -> str:
    """Hexadecimal; another whenever a name, a label or one of the stamps of the pictures is."""
    digest = hashlib.blake2b(digest_size=16)
    for words in (names, classes):
        digest.update("\0".join([str(len(words)), *words]).encode("utf-8", "surrogatepass"))
    digest.update(np.ascontiguousarray(labels_N).data)
    digest.update(np.ascontiguousarray(stamps).data)
    return digest.hexdigest()
