"""Runs to begin with, and a network that fits the pictures."""

import numpy as np
import pytest

from engine.config import DIGITS_CONVNET, RunConfig, checked
from engine.data.source import Source
from engine.data.subsets.choose import subsets_of
from engine.errors import ConfigError
from engine.networks.build import build
from engine.presets import CHAPTER, FITTING, find_preset, fitting, presets


@pytest.mark.parametrize("name", presets())
def test_every_preset_is_a_run_that_holds(name):
    preset = find_preset(name)
    assert preset.title
    assert checked(preset.run) == preset.run
    assert preset.own_source == bool(preset.run.data.source)


def test_the_digits_preset_is_the_default_run():
    assert find_preset("digits").run == RunConfig()


def test_cats_and_dogs_is_the_chapter_s():
    run = find_preset("cats-dogs").run
    assert (run.data.size, run.data.colour) == (150, "rgb")
    assert run.data.augmentation.changes_nothing
    network = build(run.network, (3, 150, 150), 2)
    assert sum(p.numel() for p in network.parameters()) == 3_453_121
    assert find_preset("cats-dogs-augmented").run.data.augmentation == CHAPTER


@pytest.mark.parametrize("name", presets())
def test_the_chapter_s_counts_are_its_presets_own(name):
    source = Source(
        name="pets",
        where="/pets.zip",
        classes=("cat", "dog"),
        names=tuple(map(str, range(1000))),
        labels_N=np.arange(1000) % 2,
        fingerprint="",
    )
    subset_N = subsets_of(source, find_preset(name).run.data).subset_N
    of_chapter = name.startswith("cats-dogs")
    assert np.bincount(subset_N).tolist() == ([500, 250, 250] if of_chapter else [800, 100, 100])


def test_an_unknown_preset_is_one_sentence_with_those_there_are():
    with pytest.raises(ConfigError, match=r"no preset 'dogs'.*Choose one of: digits, photos"):
        find_preset("dogs")


@pytest.mark.parametrize(
    ("shape_CHW", "classes", "name"),
    [
        ((1, 17, 30), 3, "small digits convnet"),
        ((1, 18, 18), 3, "digits convnet"),
        ((1, 28, 28), 10, "digits convnet"),
        ((3, 32, 32), 10, "small photographs convnet"),
        ((3, 16, 99), 2, "small photographs convnet"),
        ((3, 15, 15), 2, "small digits convnet"),
        ((1, 32, 32), 10, "digits convnet"),
        ((3, 150, 150), 2, "cats and dogs convnet"),
        ((3, 224, 224), 37, "photographs convnet"),
    ],
)
def test_a_fitting_network_can_be_built_for_the_pictures(shape_CHW, classes, name):
    network = fitting(FITTING, shape_CHW, classes)
    assert network.name == name
    build(network, shape_CHW, classes)


def test_a_network_that_was_chosen_stays():
    assert fitting(DIGITS_CONVNET, (3, 224, 224), 2) is DIGITS_CONVNET
