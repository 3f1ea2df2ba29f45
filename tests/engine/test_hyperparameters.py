"""A hyperparameter is a field: what follows from it, what it does, and that old runs stay as they
were."""

import math
import string
import subprocess
import sys

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from engine.config import (
    LARGEST_LEARNING_RATE,
    OPTIMIZERS,
    Augmentation,
    DataConfig,
    RunConfig,
    SubsetCounts,
    TrainingConfig,
    checked,
)
from engine.data.batches.seeds import epoch_order
from engine.data.sources.open import open_source
from engine.errors import ConfigError
from engine.hyperparameters import changed, hyperparameter, hyperparameters
from engine.networks.build import build
from engine.networks.presets import find_network
from engine.training.run import Run
from tests.one_more_field import ROOT, WITH_ONE_MORE_FIELD

RATE = hyperparameter("learning_rate")
DATA = DataConfig(subsets=SubsetCounts(30, 10, 0))
NETWORK = find_network("digits-small")

numbers_as_typed = st.one_of(
    st.text(),
    st.text(alphabet=string.digits + ".-+eE_ ", max_size=12),
    st.floats().map(str),
    st.sampled_from(["abc", "", "0", "-1", "0.0", "nan", "inf", "-inf", "1e400", "1,5", "0.001 "]),
)


@given(numbers_as_typed)
def test_a_typed_learning_rate_is_above_0_or_refused(text: str) -> None:
    try:
        rate = RATE.number_from(text)
    except ConfigError as error:
        assert repr(text) in str(error)
        assert "above 0" in error.hint
    else:
        assert 0 < rate <= LARGEST_LEARNING_RATE
        assert checked(TrainingConfig(learning_rate=rate)).learning_rate == rate


@pytest.mark.parametrize(
    ("name", "bad", "demand"),
    [
        ("learning_rate", ["0", "-1", "abc", "nan", "inf", ""], "a number above 0 and at most 1,0"),
        ("momentum", ["1", "-0.1", "nan"], "a number from 0 to below 1, such as 0.05"),
        ("weight_decay", ["1.1", "-1e-9", "inf"], "a number from 0 to 1, such as 0.001"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(name: str, bad: list[str], demand: str) -> None:
    for text in bad:
        with pytest.raises(ConfigError) as error:
            hyperparameter(name).number_from(text)
        assert demand in str(error.value)
        with pytest.raises(ConfigError, match=name):
            changed(TrainingConfig(), {name: text})


def test_a_number_is_read_as_typed() -> None:
    assert RATE.number_from(" 1e-3 ") == 0.001
    assert hyperparameter("weight_decay").number_from("0") == 0


def test_what_a_run_begins_with_cannot_be_changed_while_it_trains() -> None:
    for name in ("seed", "device", "magic"):
        with pytest.raises(ConfigError, match=f"'{name}' can't be changed while a network trains"):
            changed(TrainingConfig(), {name: 1})


def test_words_and_bounds_are_there_for_every_one() -> None:
    names = [each.name for each in hyperparameters()]
    assert {"seed", "device"} == {*TrainingConfig.__struct_fields__} - {*names}
    for each in hyperparameters():
        assert each.title
        assert each.words
        assert each.choices or each.kind is bool or each.least >= 0
        assert changed(TrainingConfig(), {each.name: each.value(TrainingConfig())})


def test_one_more_field_is_an_option_a_setting_and_saved(tmp_path) -> None:
    program = f"""{WITH_ONE_MORE_FIELD}
from pathlib import Path
from main import main
from engine.config import TrainingConfig, load, RunConfig
from engine.hyperparameters import changed
from engine.messages.codec import decode, encode
from engine.messages.commands import SetTraining
out = {str(tmp_path)!r}
words = "train --network digits-small --batch-size 2000 --epochs 1 --device cpu --json".split()
assert main([*words, "--nesterov", "--out", out]) == 0
assert load(Path(out) / "config.toml", RunConfig).training.nesterov is True
assert decode(encode(SetTraining({{"nesterov": True}}))).changes == {{"nesterov": True}}
assert changed(TrainingConfig(), {{"nesterov": True}}).nesterov
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def run_of(**settings: object) -> Run:
    training = TrainingConfig(epochs=4, batch_size=32, device="cpu", **settings)
    config = RunConfig(data=DATA, network=NETWORK, training=training)
    return Run(config, open_source("digits"), torch.device("cpu"))


def weights_of(network: nn.Module) -> list[torch.Tensor]:
    return [weight.detach().clone() for weight in network.parameters()]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_defaults_give_the_bits_that_they_gave(name: str) -> None:
    """Against the loop of before there were more hyperparameters than the optimiser."""
    run = run_of(optimizer=name)
    for _ in range(25):
        if run.is_epoch_trained:
            run.validate()
        else:
            run.step()
    source = open_source("digits")
    pictures_NCHW = torch.from_numpy(source.pictures_NCHW[run.subsets.indices("train")])
    labels_N = torch.from_numpy(source.labels_N[run.subsets.indices("train")])
    torch.manual_seed(0)
    network = build(NETWORK, (1, 28, 28), 10).to(memory_format=torch.channels_last)
    optimizer = {
        "adam": lambda w: torch.optim.Adam(w, fused=True),
        "adamw": lambda w: torch.optim.AdamW(w, fused=True),
        "rmsprop": torch.optim.RMSprop,
        "sgd": lambda w: torch.optim.SGD(w, momentum=0.9, fused=True),
    }[name](network.parameters())
    made = 0
    for epoch in range(4):
        for at, chosen_N in enumerate(epoch_order(300, 0, epoch).split(32)):
            if made == run.step_number:
                break
            made += 1
            progress = (epoch + min(at * 32 + 32, 300) / 300) / 4
            for group in optimizer.param_groups:
                group["lr"] = 2e-3 * 0.5 * (1 + math.cos(math.pi * progress))
            optimizer.zero_grad()
            F.cross_entropy(
                network(pictures_NCHW[chosen_N].float() / 255), labels_N[chosen_N]
            ).backward()
            optimizer.step()
    assert run.step_number > 20
    for mine, theirs in zip(weights_of(run.network), weights_of(network), strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize(
    ("optimizer", "name", "value"),
    [
        ("sgd", "momentum", 0.0),
        ("rmsprop", "momentum", 0.5),
        ("adam", "weight_decay", 0.1),
        ("adamw", "weight_decay", 0.0),
        ("adam", "label_smoothing", 0.1),
        ("sgd", "gradient_clipping", 1e-3),
        ("adam", "warm_up", 2.0),
    ],
)
def test_each_changes_what_is_learned(optimizer: str, name: str, value: float) -> None:
    plain, other = run_of(optimizer=optimizer), run_of(optimizer=optimizer, **{name: value})
    for _ in range(3):
        plain.step()
        other.step()
    pairs = zip(weights_of(plain.network), weights_of(other.network), strict=True)
    assert not all(torch.equal(*pair) for pair in pairs)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_momentum_and_decay_change_while_the_optimiser_keeps_its_memory(optimizer: str) -> None:
    run = run_of(optimizer=optimizer)
    run.step()
    memory = {
        name: value for state in run.optimizer.state.values() for name, value in state.items()
    }
    same = run.optimizer
    run.set(msgspec.structs.replace(run.settings, momentum=0.3, weight_decay=0.01))
    assert run.optimizer is same
    for name, value in memory.items():
        assert any(state[name] is value for state in run.optimizer.state.values())
    (group,) = run.optimizer.param_groups
    assert group["weight_decay"] == 0.01
    assert group.get("momentum", 0.3) == 0.3
    run.step()
    assert all(torch.isfinite(weight).all() for weight in weights_of(run.network))


def test_the_rate_rises_while_it_warms_up_and_then_follows_its_schedule() -> None:
    run = run_of(warm_up=1.0, schedule="constant")
    rates = []
    while not run.is_epoch_trained:
        rates.append(run.learning_rate)
        run.step()
    np.testing.assert_allclose(rates[:9], [2e-3 * 32 * n / 300 for n in range(1, 10)])
    assert rates[9] == run.learning_rate == 2e-3


def test_gradients_are_no_longer_than_the_clipping_allows() -> None:
    run = run_of(optimizer="sgd", gradient_clipping=1e-3, momentum=0.0, schedule="constant")
    before = weights_of(run.network)
    run.step()
    moves = [a - b for a, b in zip(weights_of(run.network), before, strict=True)]
    length = torch.cat([move.flatten() for move in moves]).norm()
    assert float(length) == pytest.approx(1e-3 * 2e-3, rel=1e-2)


def test_labels_are_smoothed_where_they_are_learned_from_and_mixed_alike() -> None:
    data = msgspec.structs.replace(DATA, augmentation=Augmentation(mixup=0.2))
    training = TrainingConfig(epochs=1, batch_size=300, device="cpu", label_smoothing=0.5)
    config = RunConfig(data=data, network=NETWORK, training=training)
    for chosen in (config, msgspec.structs.replace(config, data=DATA)):
        smoothed = Run(chosen, open_source("digits"), torch.device("cpu"))
        sharp_training = msgspec.structs.replace(training, label_smoothing=0.0)
        sharp_config = msgspec.structs.replace(chosen, training=sharp_training)
        sharp = Run(sharp_config, open_source("digits"), torch.device("cpu"))
        one, other = smoothed.step(), sharp.step()
        assert one is not None
        assert other is not None
        assert one.figures_2[0] != other.figures_2[0]
        assert one.figures_2[1] == other.figures_2[1]
