"""Manifests: which pictures of a source are in which subset, in a small JSON file. Any thread."""

import json
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec
import numpy as np
from msgspec import Struct

from engine.config import SubsetCounts
from engine.data.places import cannot_write, check_place
from engine.data.reading.walking import shown
from engine.data.source import NO_SUBSET, SUBSETS, Problem, Source, Subsets
from engine.data.sources.folders import cannot_read
from engine.errors import DataError
from engine.files import name_as_text, read_file, text_as_name, write_files
from engine.program import COMMAND

# Names that are no UTF-8 were once written as halves of characters, which JSON shouldn't have.
_OLD_NAMES = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|\\u(?P<byte>[dD][cC][89a-fA-F][0-9a-fA-F])"
)
_HINT = f"Write it again: {COMMAND} split SOURCE --out FILE.json"

MOST_BYTES = 2**26
"""Of a manifest: 64 MiB, in which a million pictures have room."""

Subset = Literal["train", "validation", "test"]


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """Subsets of a source, as they are kept.

    `source` is "digits", a name of the catalogue, or a path: absolute, or from "./" or "../" on as
    seen from the manifest. `counts` is what was asked for, where anything was. `left_out` is how
    many pictures that can be read are in no subset. `problems` are those that can't, beside the
    source's own. `subsets` names the others, by class.
    """

    convscope: Literal["subsets"]
    source: str
    fingerprint: str
    seed: int
    counts: SubsetCounts | None
    left_out: int
    problems: tuple[Problem, ...]
    subsets: dict[Subset, dict[str, tuple[str, ...]]]


def write_manifest(
    path: Path,
    source: Source,
    subsets: Subsets,
    counts: SubsetCounts | None,
    seed: int,
    problems: Iterable[Problem] = (),
) -> None:
    """Keep subsets of a source in a file, which replaces a manifest of that name.

    `problems` are pictures that turned out to be unreadable, beside the source's own problems.
    EngineError, and nothing is changed, when it can't be written.
    """
    check_manifest(path)
    problems = tuple(problems)
    manifest = Manifest(
        convscope="subsets",
        source=_as_seen_from(path, source.where),
        fingerprint=source.fingerprint,
        seed=seed,
        counts=counts,
        left_out=_left_out(source, subsets.subset_N, problems),
        problems=problems,
        subsets={
            "train": _names(source, subsets.indices("train")),
            "validation": _names(source, subsets.indices("validation")),
            "test": _names(source, subsets.indices("test")),
        },
    )
    # Python's own JSON: a name on the disk may hold bytes that are no Unicode.
    text = json.dumps(msgspec.to_builtins(manifest), indent=1)
    write_files(path.parent, {path.name: text.encode()})


def check_manifest(path: Path) -> None:
    """DataError where a manifest must not or can't be written, such as over another file."""
    check_place(path.parent)
    try:
        is_there = path.is_file()
    except OSError as error:  # such as a name that is too long
        raise cannot_write(path, error) from error
    if is_there:
        try:
            read_manifest(path)
        except DataError:
            raise DataError(
                f"{shown(str(path))} is there already, and isn't a manifest.",
                "Choose another name.",
            ) from None


def read_manifest(path: Path) -> Manifest:
    """What a manifest says; DataError when it isn't one."""
    try:
        return _decoded(read_file(path, MOST_BYTES))
    except OSError as error:
        raise DataError(str(cannot_read(str(path), error)), "Or choose another file.") from error
    except (msgspec.DecodeError, RecursionError) as error:
        reason = error if isinstance(error, msgspec.ValidationError) else "it isn't JSON"
        raise DataError(
            f"{shown(path.name)} isn't a manifest of ConvScope's: {reason}.", _HINT
        ) from error


def _decoded(content: bytes) -> Manifest:
    """Straight into what is expected: nothing that isn't takes memory."""
    return msgspec.json.decode(_OLD_NAMES.sub(_as_text, content), type=Manifest)


def _as_text(match: re.Match[bytes]) -> bytes:
    byte = match["byte"]
    return json.dumps(name_as_text(chr(int(byte, 16)))).encode().strip(b'"') if byte else match[0]


def open_manifest(path: Path, open_base: Callable[[str], Source]) -> Source:
    """The source that a manifest is of, with exactly its subsets.

    What the manifest names and the source lacks, or has under another class, is a problem; what has
    come to the source since is in no subset, and one problem says so. Where neither is so and it is
    another source all the same, a problem says that. DataError when either can't be opened.
    """
    manifest = read_manifest(path)
    where = _seen_from(path, manifest.source)
    if where.lower().endswith(".json"):
        raise DataError(f"{shown(path.name)} is of another manifest.", _HINT)
    if where != manifest.source and not os.path.lexists(text_as_name(where)):
        raise DataError(
            f"The pictures of {shown(path.name)} are missing: there is no {shown(where)}.",
            'Put them there, or correct "source" in the manifest.',
        )
    base = open_base(where)
    place = {name: index for index, name in enumerate(base.names)}
    subset_N = np.full(len(base), NO_SUBSET, np.int8)
    problems = dict.fromkeys((*base.problems, *manifest.problems))
    before = len(problems)
    listed = (
        (subset, kind, name)
        for subset, classes in manifest.subsets.items()
        for kind, names in classes.items()
        for name in names
    )
    for subset, kind, name in listed:
        index = place.get(name)
        if index is None:
            problems[Problem(shown(name), "It isn't in the source any more.")] = None
            continue
        now = base.classes[base.labels_N[index]]
        if now != kind:
            words = f"It is of class {shown(now)!r} now, and was of {shown(kind)!r}."
            problems[Problem(shown(name), words)] = None
        if subset_N[index] != NO_SUBSET:
            raise DataError(f"{shown(path.name)} lists {shown(name)!r} twice.", _HINT)
        subset_N[index] = SUBSETS.index(subset)
    new = _left_out(base, subset_N, manifest.problems) - manifest.left_out
    if new > 0:
        more = f"{new:,} pictures have" if new > 1 else "One picture has"
        problems[Problem(base.name, f"{more} come since the manifest was written.")] = None
    if len(problems) == before and base.fingerprint != manifest.fingerprint:
        words = "Its files were changed, or copied, since the manifest was written."
        problems[Problem(base.name, words)] = None
    return msgspec.structs.replace(
        base,
        name=shown(path.name),
        where=name_as_text(str(path)),
        subset_N=subset_N,
        problems=tuple(problems),
    )


def _left_out(source: Source, subset_N: np.ndarray, problems: Iterable[Problem]) -> int:
    """How many pictures are in no subset though they can be read."""
    unreadable = {problem.name for problem in problems}
    outside = np.flatnonzero(subset_N == NO_SUBSET).tolist()
    return sum(shown(source.names[index]) not in unreadable for index in outside)


def _names(source: Source, index_M: np.ndarray) -> dict[str, tuple[str, ...]]:
    by_class: dict[str, list[str]] = {name: [] for name in source.classes}
    for index, label in zip(index_M.tolist(), source.labels_N[index_M].tolist(), strict=True):
        by_class[source.classes[label]].append(source.names[index])
    return {name: tuple(names) for name, names in by_class.items()}


def _as_seen_from(path: Path, where: str) -> str:
    """How a manifest names its source: relative, so that both can be moved, where they have more
    in common than the disk."""
    if where.lower().endswith(".json"):
        manifest = Path(text_as_name(where))
        where = _seen_from(manifest, read_manifest(manifest).source)
    if not Path(where).is_absolute():
        return where
    source, folder = text_as_name(where), path.absolute().parent
    try:
        common = Path(os.path.commonpath([source, folder]))
    except ValueError:  # another disk
        return where
    if common == Path(common.anchor):
        return where
    relative = PurePosixPath(Path(os.path.relpath(source, folder)).as_posix())
    seen = name_as_text(str(relative))
    return seen if relative.parts[:1] == ("..",) else f"./{seen}"


def _seen_from(path: Path, where: str) -> str:
    """What opens the source that the manifest at this path names so."""
    if where.startswith(("./", "../")) or Path(where).is_absolute():
        return name_as_text(os.path.normpath(path.absolute().parent / text_as_name(where)))
    return where
