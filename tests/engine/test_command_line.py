"""The commands without a window, as a person or another program calls them."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

import main as command_line
from engine.config import (
    RunConfig,
    TrainingConfig,
)
from engine.data.sources.open import open_source
from engine.headless.reports import JsonReport, best_epoch
from engine.headless.train import train
from engine.messages.events import EpochEnded
from engine.networks.presets import find_network
from engine.runs.saved import load_run
from engine.state import Status
from engine.telemetry.curves import Curves

ROOT = Path(__file__).parents[2]
QUICK = ["train", "--network", "digits-small", "--batch-size", "500", "--device", "cpu"]
LONG = "a" * 5000  # of a path
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line in this process: (exit code, stdout, stderr)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = command_line.main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network after one epoch."""
    folder = tmp_path_factory.mktemp("trained")
    assert command_line.main([*QUICK, "--epochs", "1", "--out", str(folder), "--json"]) == 0
    return folder


@pytest.fixture(scope="module")
def digit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture file of the first digit of the data."""
    file = tmp_path_factory.mktemp("pictures") / "digit.png"
    Image.fromarray(open_source("digits").pictures_NCHW[0, 0]).save(file)
    return file


def lines_of(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_train_tells_programs_one_object_a_line(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "run"
    code, stdout, stderr = run(*QUICK, "--epochs", 2, "--lr", 0.01, "--json", "--out", out)
    assert (code, stderr) == (0, "")
    first, second, finished = lines_of(stdout)
    assert [first["event"], second["event"], finished["event"]] == ["epoch", "epoch", "finished"]
    assert [first["epoch"], second["epoch"]] == [1, 2]
    assert set(first) == {
        *("event", "epoch", "step", "train_loss", "train_accuracy", "val_loss", "val_accuracy"),
        *("images_per_second", "seconds"),
    }
    for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "images_per_second"):
        assert isinstance(first[name], float)
    assert finished["epochs"] == 2
    assert finished["steps"] == 16  # 4,000 pictures by 500, twice
    assert finished["best_epoch"] in (1, 2)
    assert finished["val_accuracy"] == second["val_accuracy"]
    assert finished["device"] == "cpu"
    assert finished["out"] == str(out)
    assert finished["interrupted"] is False
    assert load_run(out).config == RunConfig(
        network=find_network("digits-small"),
        training=TrainingConfig(epochs=2, batch_size=500, learning_rate=0.01, device="cpu"),
    )


def test_train_tells_people_a_line_an_epoch(run: Run, tmp_path: Path) -> None:
    code, stdout, stderr = run(*QUICK, "--epochs", 1, "--out", tmp_path)
    assert (code, stderr) == (0, "")
    begun, epoch, finished, saved = stdout.splitlines()
    assert begun.startswith("small digits convnet, 23,466 parameters, on 4,000 pictures of digits")
    assert epoch.startswith("epoch   1  loss")
    assert finished.startswith("Finished after 1 epoch, 8 steps, in 0:")
    assert saved == f"Saved in {tmp_path}."


def test_the_same_seed_gives_the_same_network(run: Run, trained: Path, tmp_path: Path) -> None:
    run(*QUICK, "--epochs", 1, "--out", tmp_path / "same", "--json")
    run(*QUICK, "--epochs", 1, "--out", tmp_path / "other", "--seed", 1, "--json")

    def weights(folder: Path) -> torch.Tensor:
        return torch.cat([value.flatten() for value in load_run(folder).network.parameters()])

    assert torch.equal(weights(trained), weights(tmp_path / "same"))
    assert not torch.equal(weights(trained), weights(tmp_path / "other"))


def test_ctrl_c_stops_and_saves_what_there_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class CtrlC(JsonReport):
        def step(self, status: Callable[[], Status], curves: Curves) -> None:
            if status().step == 3:
                signal.raise_signal(signal.SIGINT)

    config = RunConfig(
        network=find_network("digits-small"), training=TrainingConfig(batch_size=500, device="cpu")
    )
    assert train(config, tmp_path / "run", CtrlC()) == 130
    (finished,) = lines_of(capsys.readouterr().out)
    assert finished["interrupted"] is True
    assert finished["steps"] == 3
    assert finished["val_accuracy"] is None
    assert load_run(tmp_path / "run").config == config
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_loss_that_is_no_number_is_an_error(run: Run, tmp_path: Path) -> None:
    code, stdout, stderr = run(
        *QUICK, "--network", "digits", "--lr", "1e6", "--json", "--out", tmp_path / "run"
    )
    assert code == 2
    assert "wasn't a number any more" in stderr
    assert lines_of(stdout)[-1] == {
        "event": "error",
        "message": stderr.removeprefix("convscope: ").strip(),
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--lr", "abc"], "The learning rate is 'abc'. It must be a number above 0"),
        (["--lr", "0"], "The learning rate is '0'."),
        (["--lr", "-1"], "The learning rate is '-1'."),
        (["--lr", "nan"], "The learning rate is 'nan'."),
        (["--epochs", "0"], "--epochs is '0'. It must be a whole number from 1"),
        (["--batch-size", "1.5"], "--batch-size is '1.5'."),
        (["--seed", "-1"], "--seed is '-1'. It must be a whole number from 0"),
        (["--device", "tpu"], "invalid choice: 'tpu'"),
        (["--network", "nothing"], "There is no network 'nothing'. The presets are cats-dogs,"),
        (["--network", "nothing.toml"], "There is no file nothing.toml."),
        (["--network", "a" * 5000], "There is no network 'aaaa"),
        (["--network", "a" * 5000 + ".toml"], "There is no file aaaa"),
        (["--data", "nothing"], "There is no data called 'nothing', and no file"),
        (["--out", __file__], "a file of that name is in the way"),
        (["--nonsense"], "Unrecognized arguments: --nonsense."),
    ],
)
def test_bad_input_is_one_sentence(run: Run, arguments: list[str], sentence: str) -> None:
    code, stdout, stderr = run("train", "--json", *arguments)
    assert code == 2
    assert stderr.startswith("convscope: ")
    assert stderr.count("\n") == 1
    assert sentence in stderr
    (error,) = lines_of(stdout)
    assert error == {"event": "error", "message": stderr.removeprefix("convscope: ").strip()}


def test_without_json_nothing_of_an_error_is_on_stdout(run: Run) -> None:
    code, stdout, stderr = run("train", "--lr", "abc")
    assert (code, stdout) == (2, "")
    assert stderr.startswith("convscope: The learning rate")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_asked_for_in_vain(run: Run) -> None:
    code, stdout, stderr = run("train", "--device", "cuda")
    assert (code, stdout) == (2, "")
    assert "torch finds no CUDA device here" in stderr


def test_predict_prints_classes_by_probability(run: Run, trained: Path, digit: Path) -> None:
    code, stdout, stderr = run("predict", "--network", trained, digit)
    assert (code, stderr) == (0, "")
    name, *classes = stdout.splitlines()
    assert name == str(digit)
    percents = [float(line.split(" %")[0]) for line in classes]
    assert percents == sorted(percents, reverse=True)
    assert sum(percents) == pytest.approx(100, abs=1)
    assert sorted(line.split()[-1] for line in classes) == list("0123456789")


def test_predictions_are_those_of_the_network(run: Run, trained: Path, digit: Path) -> None:
    code, stdout, _ = run("predict", "--network", trained, "--json", digit, digit)
    assert code == 0
    first, second = lines_of(stdout)
    assert first == second
    assert first["image"] == str(digit)
    pixels = torch.tensor(open_source("digits").pictures_NCHW[:1]) / 255
    with torch.no_grad():
        expected = load_run(trained).network(pixels).softmax(1)[0]
    predictions = first["predictions"]
    assert isinstance(predictions, list)
    assert [p["probability"] for p in predictions] == expected.sort(descending=True)[0].tolist()
    assert predictions[0]["class"] == str(int(expected.argmax()))


def test_invert_shows_the_network_the_negative(run: Run, trained: Path, digit: Path) -> None:
    negative = digit.with_name("negative.png")
    Image.fromarray(255 - np.asarray(Image.open(digit))).save(negative)
    _, plain, _ = run("predict", "--network", trained, "--json", digit)
    _, inverted, _ = run("predict", "--network", trained, "--json", "--invert", negative)
    assert lines_of(plain)[0]["predictions"] == lines_of(inverted)[0]["predictions"]


def test_pictures_that_cannot_be_read_do_not_stop_the_others(
    run: Run, trained: Path, digit: Path, tmp_path: Path
) -> None:
    code, stdout, stderr = run(
        "predict", "--network", trained, "--json", tmp_path / "none.png", digit, __file__, tmp_path
    )
    assert code == 1
    missing, predicted, no_picture, empty = lines_of(stdout)
    assert (predicted["image"], len(predicted)) == (str(digit), 2)
    complaints = stderr.splitlines()
    assert [missing, no_picture, empty] == [
        {"image": str(path), "error": complaint.removeprefix("convscope: ")}
        for path, complaint in zip(
            (tmp_path / "none.png", __file__, tmp_path), complaints, strict=True
        )
    ]
    assert all(line.startswith("convscope: ") for line in complaints)
    assert "none.png doesn't exist" in complaints[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "--network", "runs/digits", ""],
        ["maps", "--network", "runs/digits", "", "--out", "maps.npz"],
        ["maps", "--network", "runs/digits", "digit.png", "--out", ""],
        ["predict", "--network", "", "digit.png"],
        ["train", "--out", ""],
        ["split", "", "--out", "small.json"],
        ["split", "digits", "--out", ""],
    ],
)
def test_an_empty_name_isnt_this_folder(run: Run, arguments: list[str]) -> None:
    code, stdout, stderr = run(*arguments)
    assert (code, stdout) == (2, "")
    assert stderr.startswith("convscope: The name of a file or folder is empty.")


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "--network", LONG, "digit.png"],
        ["maps", "--network", LONG, "digit.png", "--out", "maps.npz"],
        ["evaluate", "--network", LONG],
        ["train", "--resume", LONG],
        ["train", "--out", LONG],
        ["train", "--data", LONG],
        ["split", LONG, "--out", "small.json"],
        ["split", "digits", "--out", LONG],
        ["split", "digits", "--out", f"{LONG}.json"],
    ],
    ids=lambda arguments: " ".join(arguments).replace(LONG, "LONG"),
)
def test_a_name_that_is_too_long_is_one_sentence(run: Run, arguments: list[str]) -> None:
    code, stdout, stderr = run(*arguments)
    assert (code, stdout) == (2, "")
    assert stderr.startswith("convscope: aaaa")
    assert "file name too long" in stderr.lower()
    assert stderr.count("\n") == 1


def test_a_preset_cannot_predict(run: Run, digit: Path, tmp_path: Path) -> None:
    code, _, stderr = run("predict", "--network", "digits-small", digit)
    assert code == 2
    assert "python main.py train --network digits-small --out DIR" in stderr
    assert run("predict", "--network", tmp_path, digit)[0] == 2


def test_maps_are_the_network_s_own_unscaled(
    run: Run, trained: Path, digit: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "maps.npz"
    code, stdout, _ = run("maps", "--network", trained, digit, "--out", out)
    assert (code, stdout) == (0, f"Wrote conv1, pool1 to {out}.\n")
    with np.load(out) as maps:
        taken = dict(maps)
    network = load_run(trained).network
    pixels = torch.tensor(open_source("digits").pictures_NCHW[:1]) / 255
    with torch.no_grad():
        conv1 = network.get_submodule("conv1")(pixels)
        pool1 = network.get_submodule("pool1")(conv1)
    assert {name: array.dtype for name, array in taken.items()} == {
        "conv1": np.float32,
        "pool1": np.float32,
    }
    np.testing.assert_array_equal(taken["conv1"], conv1[0].numpy())
    np.testing.assert_array_equal(taken["pool1"], pool1[0].numpy())


def test_taps_choose_what_is_written(run: Run, trained: Path, digit: Path, tmp_path: Path) -> None:
    out = tmp_path / "maps.npz"
    taps = ["--tap", "conv1", "--tap", "conv1.conv"]
    assert run("maps", "--network", trained, digit, *taps, "--out", out)[0] == 0
    with np.load(out) as maps:
        assert sorted(maps) == ["conv1", "conv1.conv"]
        np.testing.assert_array_equal(np.maximum(maps["conv1.conv"], 0), maps["conv1"])
        assert maps["conv1.conv"].min() < 0


def test_a_png_shows_every_map_of_the_first_conv(
    run: Run, trained: Path, digit: Path, tmp_path: Path
) -> None:
    out = tmp_path / "maps.PNG"
    assert run("maps", "--network", trained, digit, "--out", out)[0] == 0
    with Image.open(out) as image:
        side = 4 * (3 * 24 + 2) + 2  # 16 maps of 24x24, each enlarged three times, and gaps
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (side, side))
        colours = {colour for _, colour in image.getcolors(10_000) or []}
    assert (0x44, 0x01, 0x54) in colours  # the lowest of viridis
    assert (0xFD, 0xE7, 0x25) in colours  # and the highest


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--tap", "conv9"], "no tap 'conv9'. It has: conv1, pool1, conv1.conv."),
        (["--tap", "conv1", "--tap", "pool1"], "A PNG shows one tap."),
        (["--out", "maps.jpg"], "maps.jpg is neither .npz nor .png."),
        (["--out", f"{__file__}/maps.png"], "a file of that name is in the way"),
    ],
)
def test_maps_that_cannot_be_written_are_one_sentence(
    run: Run,
    trained: Path,
    digit: Path,
    tmp_path: Path,
    arguments: list[str],
    sentence: str,
) -> None:
    out = ["--out", str(tmp_path / "maps.png")]
    code, stdout, stderr = run("maps", "--network", trained, digit, *out, *arguments)
    assert (code, stdout) == (2, "")
    assert sentence in stderr
    assert list(tmp_path.glob("**/*.png")) == []


def test_help_is_there_without_torch_and_qt() -> None:
    program = (
        "import sys, main; main.parser().format_help(); "
        "assert not {'torch', 'numpy', 'PySide6', 'rich'} & set(sys.modules), sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("command", [[], ["train"], ["predict"], ["maps"], ["tour"]])
def test_each_command_has_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        command_line.main([*command, "--help"])
    text = capsys.readouterr().out
    assert text.startswith(" ".join(["usage: python main.py", *command]))
    assert all(len(line) <= 110 for line in text.splitlines())


def test_window_and_tour_give_their_exit_code(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toured: list[Path] = []

    def tour(out: Path) -> int:
        toured.append(out)
        return 4

    def window(engine: str | None) -> int:
        return {None: 3, "process": 5}[engine]

    monkeypatch.setitem(sys.modules, "gui.app", SimpleNamespace(run_window=window))
    monkeypatch.setitem(sys.modules, "gui.tour", SimpleNamespace(run_tour=tour))
    assert run()[0] == 3
    assert run("--engine", "process")[0] == 5
    assert run("tour", "--out", tmp_path)[0] == 4
    assert toured == [tmp_path]


def test_the_window_s_options_are_no_command_s(run: Run) -> None:
    code, stdout, stderr = run("--engine", "process", "fetch")
    assert (code, stdout) == (2, "")
    assert stderr == "convscope: --engine is for the window. Leave it out before a command.\n"
    assert "invalid choice: 'elsewhere'" in run("--engine", "elsewhere")[2]


def test_a_reader_that_goes_away_is_no_traceback(trained: Path, digit: Path) -> None:
    program = (
        f"import sys, main; sys.exit(main.main(['predict', '--network', {str(trained)!r}] "
        f"+ [{str(digit)!r}] * 200))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 2


def test_the_best_epoch_has_the_best_accuracy_then_the_smallest_loss() -> None:
    def ended(epoch: int, val_accuracy: float, val_loss: float) -> EpochEnded:
        return EpochEnded(epoch, epoch, 1.0, 0.5, val_loss, val_accuracy, 1.0, 1.0)

    assert best_epoch([]) == 0
    assert best_epoch([ended(1, 0.9, 0.2), ended(2, 0.8, 0.1)]) == 1
    assert best_epoch([ended(1, 0.9, 0.2), ended(2, 0.9, 0.1), ended(3, 0.9, 0.3)]) == 2
