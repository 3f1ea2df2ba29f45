"""Every reader of a file, at a path where something else lies: one sentence, and no waiting."""

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine import config as configs
from engine.config import NetworkConfig, RunConfig
from engine.data.cache.cache import Cache
from engine.data.catalogue.prepared import members, open_prepared
from engine.data.reading.pictures import read_picture
from engine.data.sources.digits import read_digits
from engine.data.sources.folders import FolderFiles
from engine.data.sources.manifests import read_manifest
from engine.data.sources.open import open_source
from engine.errors import EngineError
from engine.files import UnfitFileError, name_as_text, open_file, read_file, text_as_name
from engine.networks.presets import find_network
from engine.runs.saved import load_run
from tests.engine.made_sources import noisy_files, source_of

if sys.platform == "win32":
    pytest.skip("There are no such files on Windows.", allow_module_level=True)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


KINDS = {"pipe": pipe, "device": device, "is a folder": folder}
READERS: dict[str, Callable[[Path], object]] = {
    "a.toml": lambda path: configs.load(path, RunConfig),
    "network.toml": lambda path: configs.load(path, NetworkConfig),
    "a.csv": lambda path: open_source(str(path)),
    "a.tsv": lambda path: open_source(str(path)),
    "a.zip": lambda path: open_source(str(path)),
    "b.json": lambda path: open_source(str(path)),
    "c.json": read_manifest,
    "a.dat": lambda path: open_source(str(path)),
    "a.png": read_picture,
    "digits.csv.gz": read_digits,
    "in a source": lambda path: FolderFiles(str(path.parent), (path.name,), None).read(0),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", READERS)
def test_no_reader_waits_for_what_is_no_file(tmp_path, name, kind):
    path = tmp_path / name
    KINDS[kind](path)
    if kind == "is a folder" and name.startswith(("a.csv", "a.tsv", "a.zip", "b.", "a.dat")):
        pytest.skip("A folder is a source by itself.")
    with pytest.raises(EngineError) as told:
        READERS[name](path)
    sentence = str(told.value)
    assert "\n" not in sentence
    assert name == "digits.csv.gz" or kind in sentence


@pytest.mark.parametrize("name", ["network.json", "weights.safetensors", "config.toml"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_file_of_a_run_is_waited_for(tmp_path, name, kind):
    for other in ("network.json", "weights.safetensors", "config.toml"):
        (tmp_path / other).write_text("")
    (tmp_path / "network.json").write_text(
        '{"shape_CHW": [1, 8, 8], "classes": ["a"], "parameters": 1, "weights_sha256": ""}'
    )
    (tmp_path / name).unlink()
    KINDS[kind](tmp_path / name)
    with pytest.raises(EngineError, match=kind):
        load_run(tmp_path)


def test_a_network_that_is_a_pipe_is_no_network(tmp_path):
    os.mkfifo(tmp_path / "a.toml")
    with pytest.raises(EngineError, match=r"a\.toml"):
        find_network(str(tmp_path / "a.toml"))


@pytest.mark.parametrize("name", ["about.json", "rows.log", "rows.000"])
def test_pipes_in_the_cache_are_damage(tmp_path, name):
    cache = Cache(tmp_path / "decoded")
    source = source_of(noisy_files(2))
    kept = cache.open(source, (3, 8, 8), "stretch")
    kept.put(np.arange(1), np.zeros((1, 3, 8, 8), np.uint8))
    kept.close()
    (entry,) = (path.parent for path in (tmp_path / "decoded").glob("*/about.json"))
    (entry / name).unlink()
    os.mkfifo(entry / name)
    again = cache.open(source, (3, 8, 8), "stretch")
    again.close()
    assert cache.problem == ""


def test_pipes_in_the_catalogue_are_damage(tmp_path):
    made = tmp_path / "prepared-1"
    made.mkdir()
    os.mkfifo(made / "index.msgpack")
    assert open_prepared(tmp_path) is None
    os.mkfifo(tmp_path / "a.tar")
    with pytest.raises(OSError, match="pipe"):
        next(members(tmp_path / "a.tar"))


def test_a_socket_is_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the names of sockets are short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("a.toml")
        with pytest.raises(EngineError, match="socket"):
            configs.load(Path("a.toml"), RunConfig)


def test_a_file_that_became_a_pipe_after_it_was_looked_at(tmp_path, monkeypatch):
    path = tmp_path / "a.toml"
    path.write_text("")
    before = path.stat()
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(Path, "stat", lambda self, **_: before)
    with pytest.raises(UnfitFileError):
        open_file(path)


def test_no_more_than_the_ceiling_is_read(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(b"12345")
    assert read_file(path, 5) == b"12345"
    with pytest.raises(UnfitFileError, match="more than 4 bytes"):
        read_file(path, 4)


def test_a_file_that_says_nothing_of_its_size_is_read_up_to_the_ceiling():
    path = Path("/proc/self/status")
    if not path.exists():
        pytest.skip("There is no /proc here.")
    assert path.stat().st_size == 0
    assert b"Name" in read_file(path, 2**20)
    with pytest.raises(UnfitFileError, match="more than 10 bytes"):
        read_file(path, 10)


@pytest.mark.parametrize(
    "name",
    [
        b"plain",
        "café 猫 🐈".encode(),
        b"caf\xe9",
        b"caf\xe9 caf\xc3\xa9 \xff\x80",
        "\U0010f7e9 is a letter".encode(),
        b"\xf4\x8f\x9f\xa9\xe9",
        b"/a/b\xe9/\xc3",
    ],
)
def test_any_name_is_text_and_a_name_again(name):
    text = name_as_text(os.fsdecode(name))
    assert text.encode().decode() == text
    assert os.fsencode(text_as_name(text)) == name
    assert name_as_text(text_as_name(text)) == text


def test_names_that_are_text_stay_as_they_are():
    assert name_as_text("/pictures/café") == text_as_name("/pictures/café") == "/pictures/café"
