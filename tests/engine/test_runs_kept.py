"""What a window left when it ended is found by the next one, and by nobody while it runs."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import safetensors.numpy

from engine.runs import kept
from engine.runs.kept import MOST_LEFT, left_behind, own_folder
from engine.runs.names import CHECKPOINT


@pytest.fixture
def ended() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def write(folder: Path, step: int, at: float | None = None, **others: object) -> Path:
    """A file with the metadata of a checkpoint, and nothing that it takes to go on."""
    folder.mkdir(parents=True)
    run = {
        "step": step,
        "epoch": 2,
        "config": {"network": {"name": "convnet"}, "data": {"source": "/pictures"}},
        **others,
    }
    data = safetensors.numpy.save({}, {"run": json.dumps(run)})
    (folder / CHECKPOINT).write_bytes(data)
    if at is not None:
        os.utime(folder / CHECKPOINT, (at, at))
    return folder


def folder_of(process: int, number: int = 0) -> Path:
    return own_folder().with_name(f"{time.time_ns() + number}-{process}")


def test_where_nothing_was_kept_nothing_is_found() -> None:
    assert left_behind() is None


def test_the_newest_run_of_a_window_that_has_ended_is_found(ended: int) -> None:
    write(folder_of(ended, 1), 10, at=1000.0)
    newest = write(folder_of(ended, 2), 20, at=2000.0)
    write(folder_of(ended, 3), 0, at=3000.0)  # was never trained
    found = left_behind()
    assert found == kept.Kept(newest, "convnet", "/pictures", 20, 2, 2000.0)


def test_what_a_window_that_runs_keeps_is_its_own() -> None:
    write(own_folder(), 10)
    assert left_behind() is None


def test_a_process_that_came_later_under_that_number_is_another() -> None:
    folder = own_folder()
    write(folder.with_name(f"1000000000-{os.getpid()}"), 10)
    found = left_behind()
    assert found is not None
    assert found.step == 10


def test_old_ones_are_removed(ended: int) -> None:
    folders = [write(folder_of(ended, n), 1 + n, at=1000.0 + n) for n in range(MOST_LEFT + 4)]
    found = left_behind()
    assert found is not None
    assert found.folder == folders[-1]
    assert [folder.exists() for folder in folders] == [False] * 4 + [True] * MOST_LEFT


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff" * 8,
        (10**9).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        safetensors.numpy.save({}, {"run": "[" * 100_000}),
        safetensors.numpy.save({}, {"run": '{"step": -1, "epoch": 0}'}),
        safetensors.numpy.save({}, {"run": '{"step": "many", "epoch": 0}'}),
    ],
)
def test_a_damaged_file_is_nothing_to_go_on_from(ended: int, data: bytes) -> None:
    folder = folder_of(ended)
    folder.mkdir(parents=True)
    (folder / CHECKPOINT).write_bytes(data)
    assert left_behind() is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="There are no pipes with names here.")
def test_a_pipe_is_nothing_to_go_on_from(ended: int) -> None:
    folder = folder_of(ended)
    folder.mkdir(parents=True)
    os.mkfifo(folder / CHECKPOINT)
    assert left_behind() is None


def test_a_folder_that_is_none_of_ours_stays(tmp_path: Path) -> None:
    other = write(own_folder().with_name("mine"), 10)
    assert left_behind() is None
    assert other.exists()


def test_it_imports_without_torch() -> None:
    code = "import sys, engine.runs.kept; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
