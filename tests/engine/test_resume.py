"""A training that was ended in any way goes on as if it had never stopped."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import torch

import main as command_line
from engine.config import RunConfig, TrainingConfig
from engine.headless.reports import JsonReport
from engine.headless.train import resume, train
from engine.messages import commands
from engine.networks.presets import find_network
from engine.runs.names import NAMES
from engine.runs.saved import load_checkpoint, load_run
from engine.state import Phase, Status
from engine.telemetry.curves import Curves
from tests.engine.test_worker import Engine

ROOT = Path(__file__).parents[2]
CONFIG = RunConfig(
    network=find_network("digits-small"),
    training=TrainingConfig(epochs=3, batch_size=500, device="cpu"),
)
QUICK = "train --network digits-small --batch-size 500 --device cpu --json"
KILLS = int(os.environ.get("CONVSCOPE_KILLS", "4"))
"""How often a process that saves is killed; by hand with a hundred."""


class At(JsonReport):
    """Ctrl-C at one step."""

    def __init__(self, step: int) -> None:
        self.at = step

    def step(self, status: Callable[[], Status], curves: Curves) -> None:
        if status().step == self.at:
            signal.raise_signal(signal.SIGINT)


def figures_in(folder: Path) -> list[tuple[float, ...]]:
    """Those of each epoch, but for how long it took."""
    epochs = load_checkpoint(folder).figures.epochs
    return [
        (e.epoch, e.step, e.train_loss, e.train_accuracy, e.val_loss, e.val_accuracy)
        for e in epochs
    ]


def assert_same_run(one: Path, other: Path) -> None:
    mine, theirs = load_checkpoint(one), load_checkpoint(other)
    assert mine.weights.keys() == theirs.weights.keys()
    assert all(torch.equal(mine.weights[name], theirs.weights[name]) for name in mine.weights)
    assert figures_in(one) == figures_in(other)
    assert torch.equal(
        torch.from_numpy(mine.figures.loss_N), torch.from_numpy(theirs.figures.loss_N)
    )
    assert (mine.step, mine.epoch, mine.position) == (theirs.step, theirs.epoch, theirs.position)


@pytest.mark.parametrize("step", [3, 8, 13])
def test_after_ctrl_c_it_goes_on_as_if_it_had_never_stopped(
    step: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    straight, stopped = tmp_path / "straight", tmp_path / "stopped"
    assert train(CONFIG, straight, JsonReport()) == 0
    told = capsys.readouterr().out.splitlines()
    assert train(CONFIG, stopped, At(step)) == 130
    before = capsys.readouterr().out.splitlines()
    assert resume(stopped, {}, None, None, JsonReport()) == 0
    after = capsys.readouterr().out.splitlines()
    assert_same_run(straight, stopped)

    def epochs(lines: list[str]) -> list[dict[str, object]]:
        found = [json.loads(line) for line in lines if '"epoch"' in line]
        timed = ("seconds", "images_per_second")
        return [{k: v for k, v in one.items() if k not in timed} for one in found]

    assert [e for e in epochs(told) if e["event"] == "epoch"] == [
        e for e in epochs(before) + epochs(after) if e["event"] == "epoch"
    ]
    assert json.loads(after[-1])["steps"] == json.loads(told[-1])["steps"]
    assert f"Goes on after step {step}" in "".join(after)


def test_other_settings_from_there_on_are_those_of_a_run_that_changed_them_there(
    tmp_path: Path,
) -> None:
    changes = {"epochs": 5, "batch_size": 300, "optimizer": "sgd", "learning_rate": 0.01}
    engine = Engine(CONFIG)
    engine.apply(commands.Start())
    while engine.worker.status().step < 11:
        engine.worker.advance()
    engine.apply(commands.SetTraining(changes))
    engine.finish()
    assert engine.worker.phase is Phase.FINISHED
    engine.apply(commands.Save(str(tmp_path / "straight")))
    engine.worker.close()
    train(CONFIG, tmp_path / "stopped", At(11))
    assert resume(tmp_path / "stopped", changes, None, tmp_path / "other", JsonReport()) == 0
    assert_same_run(tmp_path / "straight", tmp_path / "other")
    assert load_checkpoint(tmp_path / "stopped").step == 11, "saved elsewhere"
    # And from the end of it once more.
    assert command_line.main(["train", "--resume", str(tmp_path / "other"), "--json"]) == 2
    words = ["train", "--resume", str(tmp_path / "other"), "--json", "--epochs", "6"]
    assert command_line.main(words) == 0
    assert load_checkpoint(tmp_path / "other").epoch == 6


@pytest.fixture
def older(tmp_path: Path) -> Path:
    train(msgspec.structs.replace(CONFIG), tmp_path / "run", At(2))
    (tmp_path / "run" / NAMES[0]).unlink()
    return tmp_path / "run"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "was saved without what it takes to go on"),
        (["--seed", "0"], "A run that goes on can't change --seed."),
        (["--data", "digits"], "A run that goes on can't change --data."),
        (["--network", "digits"], "A run that goes on can't change --network."),
        (["--test", "0"], "A run that goes on can't change --test."),
    ],
)
def test_what_cannot_go_on_is_one_sentence(
    words: list[str], sentence: str, older: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert command_line.main(["train", "--resume", str(older), *words]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_pictures_that_have_gone_or_changed_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.engine.made_sources import encoded, noise

    data = tmp_path / "pictures"
    for number in range(24):
        file = data / ("cat" if number % 2 else "dog") / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encoded(noise(20, 20, number), "PNG"))
    words = f"train --data {data} --epochs 1 --train 4 --validation 4 --test 0 --device cpu --json"
    run = str(tmp_path / "run")
    assert command_line.main([*words.split(), "--out", run]) == 0
    shutil.copy(data / "cat" / "1.png", data / "cat" / "more.png")
    capsys.readouterr()
    assert command_line.main(["train", "--resume", run, "--epochs", "2"]) == 2
    assert "have changed since" in capsys.readouterr().err
    shutil.rmtree(data)
    assert command_line.main(["train", "--resume", run, "--epochs", "2"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert load_checkpoint(Path(run)).epoch == 1


def begun(*words: str, **settings: object) -> subprocess.Popen[str]:
    program = "import sys, main; sys.exit(main.main(sys.argv[1:]))"
    return subprocess.Popen(
        [sys.executable, "-c", program, *QUICK.split(), "--epochs", "1000", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **settings,
    )


def test_a_reader_that_goes_away_leaves_the_network(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with begun("--out", str(out)) as process:
        assert json.loads(process.stdout.readline())["event"] == "epoch"
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 2
    assert load_checkpoint(out).epoch >= 1
    assert sorted(path.name for path in out.iterdir()) == sorted(NAMES)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_output_that_is_full_is_one_sentence_and_leaves_the_network(tmp_path: Path) -> None:
    program = "import sys, main; sys.exit(main.main(sys.argv[1:]))"
    words = [*QUICK.split(), "--epochs", "1000", "--out", str(tmp_path / "run")]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", program, *words],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "no space left on device" in done.stderr
    assert f"The network is saved in {tmp_path / 'run'}." in done.stderr
    assert load_checkpoint(tmp_path / "run").epoch >= 1


@pytest.mark.skipif(sys.platform == "win32", reason="no signals of this kind there")
def test_sigterm_stops_and_saves(tmp_path: Path) -> None:
    with begun("--out", str(tmp_path / "run")) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        *_, last = process.stdout.read().splitlines()
        assert process.stderr.read() == ""
    assert process.returncode == 143
    finished = json.loads(last)
    assert finished["interrupted"] is True
    assert load_checkpoint(tmp_path / "run").step == finished["steps"]


@pytest.mark.skipif(sys.platform == "win32", reason="no signals of this kind there")
def test_a_run_that_is_killed_goes_on_from_its_last_epoch(tmp_path: Path) -> None:
    out = tmp_path / "run"
    with begun("--out", str(out)) as process:
        for _ in range(3):
            process.stdout.readline()
        process.kill()
    done = load_checkpoint(out).epoch
    assert done >= 1
    assert resume(out, {"epochs": done + 1}, None, tmp_path / "on", JsonReport()) == 0
    assert load_checkpoint(tmp_path / "on").epoch == done + 1


SAVES = """
import sys
from pathlib import Path
import msgspec
from engine.runs.saved import load_checkpoint, save_run
from engine.runs.keeper import Keeper
saved = load_checkpoint(Path(sys.argv[1]))
folder = Path(sys.argv[2])
print("ready", flush=True)
while True:
    for goal in (1, 2):
        save_run(folder, msgspec.structs.replace(saved, goal_epochs=goal))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signals of this kind there")
@pytest.mark.timeout(60 + 10 * KILLS)
def test_a_folder_whose_saving_was_killed_is_the_old_one_or_the_new(tmp_path: Path) -> None:
    train(CONFIG, tmp_path / "first", At(2))
    out, chance = tmp_path / "out", random.Random(0)
    expected = load_run(tmp_path / "first").network.state_dict()
    for _ in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-c", SAVES, str(tmp_path / "first"), str(out)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            process.stdout.readline()
            try:
                process.wait(chance.uniform(0.05, 0.5))  # a moment that is as good as any other
            except subprocess.TimeoutExpired:
                process.kill()
        assert process.returncode == -signal.SIGKILL
        if not (out / NAMES[0]).exists():
            continue  # it was killed before its first
        assert load_checkpoint(out).goal_epochs in (1, 2)
        weights = load_run(out).network.state_dict()
        assert all(torch.equal(weights[name], expected[name]) for name in expected)
    assert (out / NAMES[0]).exists()
    train(CONFIG, out, At(2))
    assert sorted(path.name for path in out.iterdir()) == sorted(NAMES)
