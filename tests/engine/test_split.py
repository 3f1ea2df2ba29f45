"""`split`, as a person or another program calls it."""

import io
import json
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import main as command_line
from engine.data import survey as data_survey
from engine.data.sources.manifests import read_manifest
from engine.data.sources.open import open_source
from engine.headless import split as split_module
from tests.shared_pictures import shared

ROOT = Path(__file__).parents[2]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `split` in this process: (exit code, stdout, stderr)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = command_line.main(["split", *map(str, arguments)])
        return code, *capsys.readouterr()

    return run


def picture(seed: int) -> bytes:
    file = io.BytesIO()
    pixels_HWC = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    Image.fromarray(pixels_HWC).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """A zip of ten cats and ten dogs."""
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        for number in range(20):
            archive.writestr(f"{'cat' if number % 2 else 'dog'}.{number}.png", picture(number))
    return tmp_path / "pets.zip"


def lines_of(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_people_are_told_in_a_few_lines(run, pets, tmp_path):
    out = tmp_path / "small.json"
    code, stdout, stderr = run(
        pets, "--train", 4, "--validation", 2, "--test", 1, "--seed", 3, "--out", out
    )
    assert (code, stderr) == (0, "")
    assert stdout.splitlines() == [
        "2 classes: 8 pictures to train, 4 to validate, 2 to test; 6 left out.",
        f"Wrote {out}.",
    ]
    assert read_manifest(out).seed == 3
    assert np.bincount(open_source(str(out)).subset_N + 1).tolist() == [6, 8, 4, 2]


def test_programs_are_told_one_object_a_line(run, pets, tmp_path):
    out = tmp_path / "small.json"
    code, stdout, stderr = run(pets, "--train", "rest", "--validation", 2, "--json", "--out", out)
    assert (code, stderr) == (0, "")
    *reads, end = lines_of(stdout)
    assert [line["event"] for line in reads] == ["read"] * 20
    assert reads[-1] == {"event": "read", "done": 20, "total": 20}
    assert end == {
        "event": "split",
        "classes": ["cat", "dog"],
        "train": 16,
        "validation": 4,
        "test": 0,
        "left_out": 0,
        "seed": 0,
        "notes": [],
        "problems": [],
        "alike": [],
        "out": str(out),
    }


def test_folders_are_written(run, pets, tmp_path):
    out = tmp_path / "out"
    code, stdout, _ = run(
        pets, "--train", 5, "--validation", 3, "--test", 2, "--json", "--out", out
    )
    assert code == 0
    events = [line["event"] for line in lines_of(stdout)]
    assert events == ["read"] * 20 + ["write"] * 20 + ["split"]
    amounts = {
        (subset, kind): len(list((out / subset / kind).iterdir()))
        for subset in ("train", "validation", "test")
        for kind in ("cat", "dog")
    }
    assert list(amounts.values()) == [5, 5, 3, 3, 2, 2]
    assert (out / "train" / "cat").is_dir()
    names = {path.name: path.read_bytes() for path in out.rglob("*.png")}
    assert names["cat.7.png"] == picture(7)
    assert len(names) == 20


def test_fewer_than_asked_for_are_divided_and_it_is_said(run, pets, tmp_path):
    counts = ("--train", 1000, "--validation", 500, "--test", 500)
    code, stdout, _ = run(pets, *counts, "--out", tmp_path / "a.json")
    assert code == 0
    first, note, _ = stdout.splitlines()
    assert first.startswith("2 classes: 10 pictures to train, ")
    assert note.startswith(
        "Every class has 10 pictures, fewer than 1,000 to train, 500 to validate"
    )


def test_without_counts_every_picture_is_used(run, pets, tmp_path):
    code, stdout, _ = run(pets, "--out", tmp_path / "a.json")
    assert code == 0
    first, _ = stdout.splitlines()
    assert first == "2 classes: 16 pictures to train, 2 to validate, 2 to test; 0 left out."


def test_a_seed_gives_the_same_manifest(run, pets, tmp_path):
    def manifest(seed: int, name: str) -> bytes:
        run(pets, "--train", 4, "--seed", seed, "--out", tmp_path / name)
        return (tmp_path / name).read_bytes()

    assert manifest(1, "a.json") == manifest(1, "b.json")
    assert manifest(1, "a.json") != manifest(2, "c.json")


def test_identical_pictures_in_two_subsets_are_reported(run, tmp_path):
    for number in range(8):
        path = tmp_path / "pets" / ("cats" if number % 2 else "dogs") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(0))
    arguments = (tmp_path / "pets", "--train", "rest", "--validation", 1)
    _, stdout, _ = run(*arguments, "--json", "--out", tmp_path / "a.json")
    (group,) = lines_of(stdout)[-1]["alike"]
    assert len(group) == 8
    assert {picture["subset"] for picture in group} == {"train", "validation"}
    assert {picture["name"] for picture in group} >= {"dogs/0.png", "cats/1.png"}
    _, stdout, _ = run(*arguments, "--out", tmp_path / "b.json")
    told = stdout.splitlines()
    assert told[1].startswith("1 picture is in several subsets")
    assert "dogs/0.png (" in told[2]
    assert " = cats/" in told[2] or " = dogs/" in told[2]


def test_unreadable_pictures_are_listed_and_not_counted(run, tmp_path):
    with zipfile.ZipFile(shared("odd_pictures.zip")) as archive:
        expected = json.loads(archive.read("expected.json"))
        archive.extractall(tmp_path / "odd" / "strange")
    for number in range(6):
        path = tmp_path / "odd" / "plain" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(picture(number))
    readable = {name for name, about in expected.items() if about["readable"]}
    arguments = (tmp_path / "odd", "--train", "rest", "--validation", 2, "--test", 1)
    code, stdout, stderr = run(*arguments, "--json", "--out", tmp_path / "out")
    assert (code, stderr) == (0, "")
    end = lines_of(stdout)[-1]
    problems = {problem["name"]: problem["sentence"] for problem in end["problems"]}
    assert set(problems) == {f"strange/{name}" for name in expected.keys() - readable}
    assert all(sentence.endswith(".") and name in sentence for name, sentence in problems.items())
    assert end["train"] + end["validation"] + end["test"] == len(readable) + 6
    assert end["left_out"] == 0
    copied = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert copied >= readable
    code, stdout, _ = run(*arguments, "--out", tmp_path / "odd.json")
    assert code == 0
    assert f"{len(problems)} problems:" in stdout.splitlines()
    assert "  strange/empty.jpg is empty: it has zero bytes. Download or copy it again." in stdout
    again = open_source(str(tmp_path / "odd.json"))
    assert {problem.name for problem in again.problems} == set(problems)


def test_all_of_the_odd_pictures_as_they_come(run, tmp_path):
    code, stdout, stderr = run(
        shared("odd_pictures.zip"),
        "--train",
        5,
        "--validation",
        5,
        "--test",
        5,
        "--out",
        tmp_path / "odd.json",
    )
    assert (code, stderr) == (0, "")
    assert "1 class: 5 pictures to train, 5 to validate, 5 to test; 1 left out." in stdout
    assert "All pictures are of one class, 'odd_pictures'" in stdout


def test_many_problems_are_not_all_printed(run, pets, tmp_path):
    with zipfile.ZipFile(pets, "a") as archive:
        for number in range(100, 125):
            archive.writestr(f"cat.{number}.png", b"")
    _, stdout, _ = run(pets, "--train", 2, "--out", tmp_path / "a.json")
    assert stdout.count("is empty: it has zero bytes") == 10
    assert "  ... and 15 more; --json lists all." in stdout.splitlines()


def test_subsets_that_a_source_comes_with_are_kept(run, tmp_path):
    for number, subset in enumerate(["train"] * 4 + ["val"] * 2 + ["test"] * 2):
        path = tmp_path / "pets" / subset / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))
    _, stdout, _ = run(tmp_path / "pets", "--out", tmp_path / "a.json", "--json")
    end = lines_of(stdout)[-1]
    assert (end["train"], end["validation"], end["test"]) == (4, 2, 2)
    _, stdout, _ = run(tmp_path / "a.json", "--out", tmp_path / "out", "--json")
    assert lines_of(stdout)[-1]["train"] == 4
    assert (tmp_path / "out" / "test" / "a" / "6.png").exists()


def test_the_digits_are_divided_too(run, tmp_path):
    code, stdout, _ = run("digits", "--train", 3, "--out", tmp_path / "digits", "--json")
    assert code == 0
    end = lines_of(stdout)[-1]
    assert (end["train"], end["validation"], end["test"], end["left_out"]) == (30, 10, 10, 4950)
    assert len(list((tmp_path / "digits" / "train" / "7").iterdir())) == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["gone.zip", "--out", "a.json"], "doesn't exist"),
        (["pets.zip"], "required: --out"),
        (["pets.zip", "--train", "none", "--out", "a.json"], "--train is 'none'.*or \"rest\""),
        (["pets.zip", "--train", "0", "--out", "a.json"], "--train is '0'"),
        (["pets.zip", "--validation", "0", "--out", "a.json"], "--validation is '0'"),
        (["pets.zip", "--seed", "-1", "--out", "a.json"], "--seed"),
        (["pets.zip", "--out", "full"], "full isn't empty"),
        (["pets.zip", "--out", "full/mine.json"], "isn't a manifest"),
        (["pets.zip", "--out", "full/mine.json/out"], "is a file, where a folder must be"),
        (["pets.zip", "--out", "full/mine.json/a.json"], "is a file, where a folder must be"),
        (["one", "--out", "a.json"], "No class of one has a picture to train with and another"),
        (["empty", "--out", "a.json"], "There are no pictures in"),
    ],
)
def test_mistakes_are_one_sentence(run, pets, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.json").write_text("{}")
    for folder in ("one/cats", "empty"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "one" / "cats" / "1.png").write_bytes(picture(1))
    before = sorted(tmp_path.rglob("*"))
    code, stdout, stderr = run(*arguments)
    assert (code, stdout) == (2, "")
    assert stderr.startswith("convscope: ")
    assert len(stderr.splitlines()) == 1
    assert re.search(sentence, stderr)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_mistake_is_an_object_for_programs(run, tmp_path):
    code, stdout, stderr = run(tmp_path / "gone", "--out", tmp_path / "a.json", "--json")
    assert code == 2
    (line,) = lines_of(stdout)
    assert line["event"] == "error"
    assert line["message"] in stderr


@pytest.mark.parametrize("out", ["a.json", "out"])
@pytest.mark.parametrize(
    ("module", "place"), [(data_survey, "decoded"), (split_module, "in_several")]
)
def test_ctrl_c_leaves_nothing(run, pets, tmp_path, monkeypatch, module, place, out):
    original = getattr(module, place)

    calls = count()

    def interrupted(*arguments):
        if next(calls) == 0:
            signal.raise_signal(signal.SIGINT)
        return original(*arguments)

    monkeypatch.setattr(module, place, interrupted)
    code, _, stderr = run(pets, "--out", tmp_path / out)
    assert code == 130
    assert stderr == "convscope: Interrupted.\n"
    assert not (tmp_path / out).exists()


def test_a_file_that_goes_between_reading_and_copying(run, tmp_path, monkeypatch):
    for number in range(8):
        path = tmp_path / "pets" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))
    original = split_module.in_several

    def and_then_one_goes(*arguments):
        (tmp_path / "pets" / "a" / "0.png").unlink()
        return original(*arguments)

    monkeypatch.setattr(split_module, "in_several", and_then_one_goes)
    code, stdout, _ = run(
        tmp_path / "pets", "--train", "rest", "--validation", 1, "--json", "--out", tmp_path / "out"
    )
    assert code == 0
    end = lines_of(stdout)[-1]
    assert end["train"] + end["validation"] == 7
    assert [problem["name"] for problem in end["problems"]] == ["a/0.png"]
    assert len(list((tmp_path / "out").rglob("*.png"))) == 7


def test_help_says_what_a_source_is():
    command = [sys.executable, "main.py", "split", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for word in ("cat.0.jpg", "--validation", "rest", "FILE.json", "examples:"):
        assert word in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100
