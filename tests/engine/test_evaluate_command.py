"""`evaluate` and the test figure at the end of `train`, as a person or a program calls them."""

import csv
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import main as command_line
from engine.data.sources.open import open_source
from engine.data.subsets.choose import choose_subsets
from engine.networks.scores import class_scores
from engine.runs.saved import load_run

Run = Callable[..., tuple[int, str, str]]
CLASSES = ("dark", "light")
NETWORK = """
name = "tiny"
[[layers]]
kind = "conv"
filters = 2
[[layers]]
kind = "dense"
units = {units}
activation = "none"
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line in this process: (exit code, stdout, stderr)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = command_line.main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run


def picture(number: int, light: bool) -> Image.Image:
    values = np.random.default_rng(number).integers(0, 140, (9, 8, 3))
    return Image.fromarray((values + 110 * light).astype(np.uint8))


def write_pictures(folder: Path, classes: tuple[str, ...], count: int, first: int = 0) -> None:
    for label, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            picture(first + number * 7 + label, label % 2 == 1).save(
                folder / name / f"{number}.png"
            )


@pytest.fixture(scope="module", params=[0, 1], ids=["two outputs", "one output"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network after one epoch on 24 pictures; 12 are kept to validate and 12 for the test."""
    place = tmp_path_factory.mktemp("evaluated")
    write_pictures(place / "pictures", CLASSES, 24)
    (place / "tiny.toml").write_text(NETWORK.format(units=request.param))
    arguments = ["--data", place / "pictures", "--train", 12, "--network", place / "tiny.toml"]
    arguments += ["--size", 8, "--batch-size", 6, "--lr", 0.02, "--device", "cpu", "--epochs", 2]
    text = [str(each) for each in ("train", *arguments, "--json", "--out", place / "run")]
    assert command_line.main(text) == 0
    return place


def told(stdout: str) -> list[dict]:
    return [json.loads(line) for line in stdout.splitlines()]


def computed(place: Path, subset: str) -> tuple[list[int], list[int], list[float]]:
    """Labels, predictions and losses of a subset, worked out picture by picture."""
    trained = load_run(place / "run")
    source = open_source(str(place / "pictures"))
    data = trained.config.data
    index_N = choose_subsets(source, data.subsets, data.seed).indices(subset).tolist()
    labels, predictions, losses = [], [], []
    for index in index_N:
        file = place / "pictures" / source.names[index]
        image = Image.open(file).convert("RGB").resize((8, 8), Image.Resampling.BILINEAR)
        seen_CHW = torch.tensor(np.array(image)).permute(2, 0, 1)
        scores = class_scores(trained.network(trained.scaling.apply(seen_CHW[None])))[0]
        scores = scores.detach().double().numpy()
        shares = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
        labels.append(int(source.labels_N[index]))
        predictions.append(int(shares.argmax()))
        losses.append(float(-np.log(shares[labels[-1]])))
    return labels, predictions, losses


def test_programs_get_one_object_with_all_figures(run: Run, trained: Path) -> None:
    code, stdout, stderr = run("evaluate", "--network", trained / "run", "--json")
    assert (code, stderr) == (0, "")
    (evaluated,) = told(stdout)
    labels, predictions, losses = computed(trained, "test")
    assert len(labels) == 12
    confusion = [[0, 0], [0, 0]]
    for label, predicted in zip(labels, predictions, strict=True):
        confusion[label][predicted] += 1
    assert evaluated["event"] == "evaluated"
    assert (evaluated["subset"], evaluated["pictures"]) == ("test", 12)
    assert evaluated["confusion"] == confusion
    assert evaluated["accuracy"] == (confusion[0][0] + confusion[1][1]) / 12
    assert evaluated["loss"] == pytest.approx(np.mean(losses), abs=0.02)
    assert [each["name"] for each in evaluated["classes"]] == list(CLASSES)
    assert [each["pictures"] for each in evaluated["classes"]] == [6, 6]
    assert [each["right"] for each in evaluated["classes"]] == [confusion[0][0], confusion[1][1]]
    taken = [confusion[0][0] + confusion[1][0], confusion[0][1] + confusion[1][1]]
    assert [each["predicted"] for each in evaluated["classes"]] == taken
    assert (evaluated["unread"], evaluated["undecided"]) == (0, 0)


def test_train_ends_with_the_figure_of_the_test_subset(run: Run, trained: Path) -> None:
    arguments = ["--data", trained / "pictures", "--train", 12, "--size", 8, "--epochs", 1]
    arguments += ["--network", trained / "tiny.toml", "--device", "cpu", "--out", trained / "again"]
    code, stdout, _ = run("train", *arguments, "--json")
    assert code == 0
    finished = told(stdout)[-1]
    _, stdout, _ = run("evaluate", "--network", trained / "again", "--json")
    (evaluated,) = told(stdout)
    assert finished["test_pictures"] == 12
    assert finished["test_accuracy"] == evaluated["accuracy"]
    assert finished["test_loss"] == pytest.approx(evaluated["loss"], rel=1e-6)
    code, stdout, _ = run("train", *arguments)
    assert f"; {100 * finished['test_accuracy']:.1f} % of 12 test pictures right." in stdout


def test_without_a_test_subset_there_is_no_figure_and_it_says_what_to_do(
    run: Run, trained: Path, tmp_path: Path
) -> None:
    arguments = ["--data", trained / "pictures", "--train", 12, "--test", 0, "--size", 8]
    arguments += ["--network", trained / "tiny.toml", "--device", "cpu", "--epochs", 1]
    code, stdout, _ = run("train", *arguments, "--json", "--out", tmp_path)
    assert code == 0
    assert told(stdout)[-1]["test_accuracy"] is None
    code, _, stderr = run("evaluate", "--network", tmp_path)
    assert code == 2
    assert stderr == (
        "convscope: No picture of pictures is kept for the test. Measure with --subset validation,"
        " or keep some: train --test N.\n"
    )
    code, stdout, _ = run("evaluate", "--network", tmp_path, "--subset", "validation", "--json")
    assert code == 0
    validated = told(stdout)[-1]
    assert validated["pictures"] == 12


def test_the_validation_subset_gives_the_figures_of_the_last_epoch(run: Run, trained: Path) -> None:
    epochs = told((trained / "run" / "epochs.jsonl").read_text())
    _, stdout, _ = run("evaluate", "--network", trained / "run", "--subset", "validation", "--json")
    (evaluated,) = told(stdout)
    assert evaluated["accuracy"] == epochs[-1]["val_accuracy"]
    assert evaluated["loss"] == pytest.approx(epochs[-1]["val_loss"], rel=1e-5)


def test_people_get_a_sentence_a_table_and_the_matrix(run: Run, trained: Path) -> None:
    code, stdout, stderr = run("evaluate", "--network", trained / "run")
    assert (code, stderr) == (0, "")
    lines = stdout.splitlines()
    assert " on pictures: " in lines[0]
    assert "of 12 test pictures right, loss 0." in lines[0]
    assert lines[2].split() == ["class", "pictures", "right", "taken", "for", "it", "loss"]
    assert lines[3].split()[:2] == ["dark", "6"]
    assert lines[-3].split() == ["dark", "light"]
    assert lines[-1].split()[0] == "light"


def test_out_has_a_row_for_each_picture(run: Run, trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "answers.csv"
    arguments = ("evaluate", "--network", trained / "run", "--subset", "all", "--out", out)
    code, stdout, _ = run(*arguments, "--json")
    assert code == 0
    note, evaluated = told(stdout)
    assert "learned from" in note["message"]
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == evaluated["pictures"] == 48
    assert list(rows[0]) == ["file", "class", "predicted", "probability", "loss", "right"]
    assert {row["class"] for row in rows} == set(CLASSES)
    assert sum(int(row["right"]) for row in rows) / 48 == pytest.approx(evaluated["accuracy"])
    assert np.mean([float(row["loss"]) for row in rows]) == pytest.approx(
        evaluated["loss"], rel=1e-4
    )
    for row in rows:
        assert (trained / "pictures" / row["file"]).is_file()
        assert (row["class"] == row["predicted"]) == (row["right"] == "1")


@pytest.mark.parametrize("out", ["answers.txt", "folder.csv", "file/answers.csv"])
def test_a_place_that_can_not_be_written_is_refused_first(
    run: Run, out: str, tmp_path: Path
) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").touch()
    code, stdout, stderr = run("evaluate", "--network", "nowhere", "--out", tmp_path / out)
    assert (code, stdout) == (2, "")
    assert str(tmp_path) in stderr
    assert stderr.count("\n") == 1


def test_another_source_is_matched_by_the_names_of_its_classes(
    run: Run, trained: Path, tmp_path: Path
) -> None:
    write_pictures(tmp_path / "other", ("bright", "light"), 5, first=900)
    code, stdout, stderr = run(
        "evaluate", "--network", trained / "run", "--data", tmp_path / "other", "--json"
    )
    assert (code, stderr) == (0, "")
    unknown, missing, evaluated = told(stdout)
    assert unknown["message"] == (
        "5 pictures are left out, of classes that the network doesn't know: 'bright'."
    )
    assert missing["message"] == "other has no pictures of 'dark'."
    assert (evaluated["subset"], evaluated["pictures"]) == ("all", 5)
    assert [each["pictures"] for each in evaluated["classes"]] == [0, 5]
    assert evaluated["classes"][0]["loss"] is None
    assert evaluated["confusion"][0] == [0, 0]


def test_a_source_of_other_classes_is_refused(run: Run, trained: Path, tmp_path: Path) -> None:
    write_pictures(tmp_path / "other", ("cat", "dog"), 1)
    code, _, stderr = run("evaluate", "--network", trained / "run", "--data", tmp_path / "other")
    assert code == 2
    assert stderr == (
        "convscope: The network knows none of the classes of other. It knows 'dark', 'light';"
        " theirs are 'cat', 'dog'.\n"
    )


def test_a_source_that_has_gone_is_one_sentence(run: Run, trained: Path, tmp_path: Path) -> None:
    code, _, stderr = run("evaluate", "--network", trained / "run", "--data", tmp_path / "gone")
    assert code == 2
    assert stderr.startswith("convscope: ")
    assert "gone doesn't exist." in stderr
    away = trained / "pictures-away"
    (trained / "pictures").rename(away)
    try:
        code, stdout, stderr = run("evaluate", "--network", trained / "run", "--json")
    finally:
        away.rename(trained / "pictures")
    assert code == 2
    (error,) = told(stdout)
    assert error["event"] == "error"
    assert error["message"].startswith("The pictures that the network learned from can't be opened")
    assert error["message"].endswith("Put them there, or name others with --data.")
    assert stderr.count("\n") == 1


def test_what_can_not_be_read_is_told_and_counts_for_nothing(
    run: Run, trained: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        for number in range(3):
            picture(number, light=False).save(tmp_path / "one.png")
            archive.write(tmp_path / "one.png", f"dark/{number}.png")
        archive.writestr("light/bad.png", b"no picture")
    arguments = ("evaluate", "--network", trained / "run", "--data", tmp_path / "some.zip")
    code, stdout, _ = run(*arguments, "--json")
    assert code == 1
    left_out, evaluated = told(stdout)
    assert (left_out["event"], left_out["picture"]) == ("left_out", "light/bad.png")
    assert (evaluated["pictures"], evaluated["unread"]) == (3, 1)
    code, stdout, stderr = run(*arguments)
    assert code == 1
    assert "bad.png" in stderr
    assert "1 picture could not be read" in stdout


def test_many_classes_are_told_by_what_is_confused_most(run: Run, tmp_path: Path) -> None:
    names = tuple(f"kind {number:02}" for number in range(15))
    write_pictures(tmp_path / "pictures", names, 4)
    (tmp_path / "tiny.toml").write_text(NETWORK.format(units=0))
    arguments = ["train", "--data", tmp_path / "pictures", "--train", 2, "--size", 8]
    arguments += ["--network", tmp_path / "tiny.toml", "--epochs", 1, "--device", "cpu"]
    assert run(*arguments, "--json", "--out", tmp_path / "run")[0] == 0
    code, stdout, _ = run("evaluate", "--network", tmp_path / "run")
    assert code == 0
    _, _, after = stdout.partition("Taken for another most often:\n")
    assert 1 <= len(after.splitlines()) <= 10
    assert " for kind " in after
