"""What the options of `train` make of a preset."""

import pytest

from engine.config import DIGITS, Augmentation, SubsetCounts
from engine.errors import ConfigError
from engine.headless.train_options import run_config
from engine.networks.presets import find_network
from engine.presets import CHAPTER, FITTING, find_preset
from main import parser


def run_of(*words: str):
    return run_config(parser().parse_args(["train", *words]))


def test_nothing_said_is_the_digits():
    assert run_of() == find_preset("digits").run


def test_pictures_of_one_s_own_begin_with_photos(tmp_path):
    run = run_of("--data", str(tmp_path))
    assert run.data.source == str(tmp_path)
    assert run.network == FITTING
    assert run.training == find_preset("photos").run.training
    assert run.data.subsets is None


def test_an_empty_name_of_pictures_is_refused():
    with pytest.raises(ConfigError, match="preset 'photos' comes without pictures"):
        run_of("--data", "")


def test_a_path_is_kept_whole_so_that_it_is_found_again(tmp_path, monkeypatch):
    (tmp_path / "cats").mkdir()
    monkeypatch.chdir(tmp_path)
    assert run_of("--data", "cats").data.source == str(tmp_path / "cats")


def test_what_is_said_replaces_the_preset_s(tmp_path):
    run = run_of(
        *("--data", str(tmp_path), "--preset", "cats-dogs-augmented", "--size", "64"),
        *("--epochs", "3", "--lr", "0.5", "--network", "digits", "--normalisation", "measured"),
    )
    assert (run.data.size, run.data.normalisation) == (64, "measured")
    assert (run.training.epochs, run.training.learning_rate) == (3, 0.5)
    assert run.network == find_network("digits")
    assert run.data.augmentation == CHAPTER
    assert run.data.subsets is None
    assert run.data.usual == SubsetCounts(1000, 500, 500)


@pytest.mark.parametrize(
    ("words", "counts"),
    [
        (["--train", "200"], SubsetCounts(200, 100, 100)),
        (["--train", "1"], SubsetCounts(1, 1, 1)),
        (["--train", "200", "--validation", "20", "--test", "0"], SubsetCounts(200, 20, 0)),
        (["--train", "rest"], SubsetCounts("rest", 100, 0)),
        (["--validation", "20"], SubsetCounts("rest", 20, 0)),
        (["--test", "5"], SubsetCounts("rest", 100, 5)),
    ],
)
def test_counts_that_are_not_said_follow_from_those_that_are(words, counts):
    assert run_of(*words).data.subsets == counts


def test_augmentation_can_be_taken_away_or_from_another_preset():
    assert run_of("--augmentation", "none").data.augmentation == Augmentation()
    assert run_of("--augmentation", "cats-dogs-augmented").data.augmentation == CHAPTER
    assert run_of().data.augmentation == DIGITS.augmentation


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--train", "few"], "--train is 'few'"),
        (["--train", "0"], "--train is '0'"),
        (["--preset", "cats-dogs"], "comes without pictures. Name a folder or zip"),
        (["--size", "99999"], "--size is '99999'. It must be a whole number from 0 to 4,096."),
    ],
)
def test_bad_input_is_one_sentence(words, sentence):
    with pytest.raises(ConfigError) as error:
        run_of(*words)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
