"""`fetch`: the catalogue of sources that can be downloaded, and downloading them."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from engine.data.catalogue.catalogue import entries, fetch, folder_of, open_entry
from engine.data.catalogue.entry import CatalogueEntry
from engine.headless.command import INTERRUPTED, TERMINATED
from engine.headless.ending import Terminated
from engine.headless.lines import print_json
from engine.program import COMMAND, NAME

_REFRESH_SECONDS = 0.2

OnProgress = Callable[[int, int], None]


def print_catalogue(as_json: bool) -> int:
    """Print what there is to download; the exit code."""
    if as_json:
        for entry in entries():
            print_json({"event": "entry", **msgspec.to_builtins(entry)})
        return 0
    table = Table(box=None, pad_edge=False)
    for title in ("name", "pictures", "classes", "size", "MB", "here", "licence"):
        right = title in ("pictures", "classes", "size", "MB")
        table.add_column(
            title,
            justify="right" if right else "left",
            no_wrap=title != "licence",
        )
    for entry in entries():
        table.add_row(
            entry.name,
            f"{entry.pictures:,}",
            str(entry.classes),
            _size(entry),
            f"{entry.megabytes:,}",
            "yes" if entry.is_here else "",
            entry.licence,
        )
    _console().print(table)
    return 0


def fetch_entry(name: str, as_json: bool) -> int:
    """Download an entry of the catalogue with progress, and make it ready; the exit code.

    Ctrl-C keeps what came: the same command goes on from there. DataError when it can't be had.
    """
    folder = folder_of(name)
    (entry,) = (entry for entry in entries() if entry.name == name)
    if as_json:
        print_json({"event": "entry", **msgspec.to_builtins(entry)})
    else:
        print(
            f"{entry.title}: {entry.pictures:,} pictures in {entry.classes} classes, "
            f"{entry.megabytes:,} MB to download.\nLicence: {entry.licence}. {entry.page}",
            flush=True,
        )
    try:
        with _json_progress() if as_json else _bar() as on_progress:
            fetch(name, on_progress, lambda: False)
        source = open_entry(name)
    except KeyboardInterrupt as error:
        sentence = "Interrupted. What came is kept: the same command goes on from there."
        if as_json:
            print_json({"event": "interrupted", "message": sentence})
        print(f"{NAME}: {sentence}", file=sys.stderr)
        return TERMINATED if isinstance(error, Terminated) else INTERRUPTED
    if as_json:
        print_json(
            {
                "event": "finished",
                "name": name,
                "pictures": len(source),
                "classes": len(source.classes),
                "problems": len(source.problems),
                "folder": str(folder),
            }
        )
        return 0
    print(f"{len(source):,} pictures of {len(source.classes)} classes are in {folder}.")
    if source.problems:
        print(f"{len(source.problems):,} files aren't used: `split` lists why.")
    print(f"Train on them with: {COMMAND} train --data {name}")
    return 0


def _size(entry: CatalogueEntry) -> str:
    return "many" if entry.size_HW is None else "{1}×{0}".format(*entry.size_HW)


def _console() -> Console:
    return Console(highlight=False, markup=False)


@contextmanager
def _json_progress() -> Iterator[OnProgress]:
    """A line now and then, and one for the last byte."""
    next_at = 0.0

    def on_progress(done: int, total: int) -> None:
        nonlocal next_at
        now = time.monotonic()
        if now >= next_at or done == total:
            next_at = now + _REFRESH_SECONDS
            print_json({"event": "progress", "done": done, "total": total})

    yield on_progress


@contextmanager
def _bar() -> Iterator[OnProgress]:
    """A progress bar; without a terminal nothing."""
    console = _console()
    columns = (
        BarColumn(bar_width=None),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    progress = Progress(
        *columns,
        console=console,
        transient=True,
        expand=True,
        refresh_per_second=1 / _REFRESH_SECONDS,
        disable=not console.is_terminal,
    )
    with progress:
        task = progress.add_task("", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
