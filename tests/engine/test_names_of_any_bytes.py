"""Folders and files whose names are no UTF-8, as Linux has them: trained on, divided, saved."""

import json
import os
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import main as command_line
from engine import config as configs
from engine.config import DataConfig, RunConfig, SubsetCounts
from engine.data.cache.cache import Cache
from engine.data.sources.manifests import read_manifest, write_manifest
from engine.data.sources.open import open_source
from engine.data.subsets.choose import choose_subsets
from engine.desk.source import OpenedSource
from engine.files import name_as_text
from engine.messages.codec import decode, encode
from engine.runs.saved import load_run
from tests.engine.made_sources import encoded, noise

CAFE = os.fsdecode(b"caf\xe9")

if sys.platform != "linux":
    pytest.skip("Only on Linux may names be any bytes.", allow_module_level=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight pictures of each of two classes; of one, all names are no UTF-8."""
    for number in range(16):
        kind = "plain" if number % 2 else CAFE
        path = tmp_path / CAFE / "pictures" / kind / f"{CAFE} {number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(noise(8, 8, number), "PNG"))
    return tmp_path / CAFE / "pictures"


def test_it_is_trained_on_and_saved_and_read_again(folder, capsys):
    out = folder.parent / f"run {CAFE}"
    words = ("--data", str(folder), "--out", str(out), "--json", "--epochs", "1", "--size", "8")
    words = (*words, "--network", "digits-dense", "--device", "cpu")
    assert command_line.main(["train", *words]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1]["event"] == "finished"
    trained = load_run(out)
    assert trained.classes == (name_as_text(CAFE), "plain")
    assert trained.config.data.source == name_as_text(str(folder))
    (out / "config.toml").read_text(encoding="utf-8")
    picture = next(folder.rglob("*.png"))
    assert command_line.main(["predict", "--network", str(out), str(picture), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert len(shown["predictions"]) == 2
    assert command_line.main(["evaluate", "--network", str(out), "--json"]) == 0


def test_a_config_of_it_is_saved(folder, tmp_path):
    source = open_source(str(folder))
    config = RunConfig(data=DataConfig(source=source.where, unreadable=source.names[:1]))
    configs.save(config, tmp_path / "run.toml")
    assert configs.load(tmp_path / "run.toml", RunConfig) == config
    assert open_source(config.data.source).fingerprint == source.fingerprint


def test_its_decoded_pictures_are_kept(folder, tmp_path):
    source = open_source(str(folder))
    for is_there in (False, True):
        kept = Cache(tmp_path / "decoded").open(source, (3, 8, 8), "stretch")
        into_NCHW = np.zeros((1, 3, 8, 8), np.uint8)
        assert kept.gather(np.array([3]), into_NCHW).tolist() == [is_there]
        kept.put(np.array([3]), into_NCHW)
        kept.close()


@pytest.mark.parametrize("name", ["list.json", f"{CAFE}.json"])
def test_manifests_of_it_open_again(folder, name):
    source = open_source(str(folder))
    subsets = choose_subsets(source, SubsetCounts(3, 2, 1), 0)
    path = folder.parent / name
    write_manifest(path, source, subsets, None, 0)
    assert read_manifest(path).source == "./pictures"
    again = open_source(str(path))
    np.testing.assert_array_equal(again.subset_N, subsets.subset_N)
    assert again.problems == ()
    assert open_source(again.where).names == source.names


def test_a_manifest_of_an_older_version_opens_too(folder):
    source = open_source(str(folder))
    path = folder.parent / "old.json"
    write_manifest(path, source, choose_subsets(source, None, 0), None, 0)
    text = path.read_text()
    old = text.replace(json.dumps(name_as_text(CAFE)).strip('"'), "caf\\udce9")
    assert old != text
    path.write_text(old)
    assert open_source(str(path)).problems == ()


def test_its_views_travel(folder):
    view = OpenedSource(1, open_source(str(folder))).view()
    assert decode(encode(view)) == view


def test_split_lists_and_copies_it(folder, tmp_path, capsys):
    out = folder.parent / f"out {CAFE}"
    assert command_line.main(["split", str(folder), "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["problems"] == []
    assert len(list(out.rglob("*.png"))) == 16


def test_a_zip_and_a_csv_file_of_such_a_name_open(folder):
    with zipfile.ZipFile(folder / f"{CAFE}.zip", "w") as archive:
        for number in range(4):
            archive.writestr(f"{'ab'[number % 2]}/{number}.png", encoded(noise(8, 8), "PNG"))
    zipped = open_source(str(folder / f"{CAFE}.zip"))
    assert zipped.files.read(0)
    assert open_source(zipped.where).names == zipped.names
    (folder / "plain" / "1.png").write_bytes(encoded(noise(8, 8), "PNG"))
    (folder / f"{CAFE}.csv").write_text("path,label\nplain/1.png,a\n")
    listed = open_source(str(folder / f"{CAFE}.csv"))
    assert listed.files.read(0)
    assert open_source(listed.where).names == listed.names
