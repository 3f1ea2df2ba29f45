"""Configs survive TOML unchanged, and what is wrong in one is named."""

import math
import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import (
    COLOURS,
    DEVICES,
    DIGITS_CONVNET,
    FILLS,
    FITS,
    LARGEST_LEARNING_RATE,
    NORMALISATIONS,
    OPTIMIZERS,
    Augmentation,
    AveragePool,
    BatchNorm,
    Conv,
    DataConfig,
    Dense,
    Dropout,
    GlobalAveragePool,
    MaxPool,
    NetworkConfig,
    RunConfig,
    SubsetCounts,
    TrainingConfig,
    as_toml,
    checked,
    from_builtins,
    load,
    save,
)
from engine.errors import ConfigError

counts = st.integers(1, 10**9)
shares = st.floats(0, 1, exclude_max=True)
activations = st.sampled_from(["relu", "leaky_relu", "elu", "gelu", "tanh", "sigmoid", "none"])
layers = st.one_of(
    st.builds(
        Conv, counts, counts, counts, st.sampled_from(["valid", "same"]), activation=activations
    ),
    st.builds(MaxPool, counts, st.integers(0, 100)),
    st.builds(AveragePool, counts, st.integers(0, 100)),
    st.builds(GlobalAveragePool),
    st.builds(BatchNorm),
    st.builds(Dropout, shares),
    st.builds(Dense, st.integers(0, 10_000), activations),
)
subset_counts = st.builds(SubsetCounts, counts | st.just("rest"), counts, counts)
configs = st.builds(
    RunConfig,
    data=st.builds(
        DataConfig,
        source=st.text(),
        subsets=st.none() | subset_counts,
        seed=st.integers(0, 2**63 - 1),
        size=st.integers(0, 4096),
        colour=st.sampled_from(COLOURS),
        fit=st.sampled_from(FITS),
        normalisation=st.sampled_from(NORMALISATIONS),
        usual=st.just("shares") | subset_counts,
        unreadable=st.lists(st.text()).map(tuple),
        augmentation=st.builds(
            Augmentation,
            st.floats(0, 180),
            shares,
            st.floats(0, 60),
            shares,
            st.booleans(),
            st.booleans(),
            shares,
            shares,
            shares,
            st.sampled_from(FILLS),
            shares,
            shares,
            shares,
        ),
    ),
    network=st.builds(NetworkConfig, st.text(), st.lists(layers).map(tuple)),
    training=st.builds(
        TrainingConfig,
        counts,
        counts,
        st.floats(0, LARGEST_LEARNING_RATE, exclude_min=True),
        st.sampled_from(OPTIMIZERS),
        st.none() | shares,
        st.none() | shares,
        st.sampled_from(["constant", "cosine"]),
        st.floats(0, 1000),
        shares,
        st.floats(0, 1e6),
        st.integers(0, 2**63 - 1),
        st.sampled_from(DEVICES),
    ),
)


@given(config=configs)
def test_a_config_comes_back_from_toml_as_it_was(
    config: RunConfig, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "config.toml"
    save(config, file)
    assert load(file, RunConfig) == config
    assert checked(config) == config


def test_a_file_may_leave_out_what_it_does_not_change(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[training]\nepochs = 3\n")
    assert load(file, RunConfig) == RunConfig(training=TrainingConfig(epochs=3))


def test_the_digits_convnet_reads_well_as_toml(tmp_path: Path) -> None:
    file = tmp_path / "network.toml"
    save(DIGITS_CONVNET, file)
    kinds = [layer["kind"] for layer in tomllib.loads(file.read_text())["layers"]]
    assert kinds == ["conv", "max_pool", "conv", "max_pool", "conv", "dense", "dense"]


WRONG = {
    "training.epochs": 0,
    "training.batch_size": -1,
    "training.learning_rate": 0,
    "training.optimizer": "magic",
    "training.seed": -1,
    "training.device": "abacus",
    "training.epoch": 3,
    "training.momentum": 1,
    "training.weight_decay": -0.1,
    "training.warm_up": math.inf,
    "training.label_smoothing": 1.0,
    "training.gradient_clipping": math.nan,
    "data.source": 3,
    "data.size": -1,
    "data.colour": "sepia",
    "data.fit": "glue",
    "data.normalisation": "batch",
    "data.subsets": {"train": 0},
    "data.augmentation.fill": "wrap",
    "data.augmentation.shear": 61,
    "data.augmentation.flip_vertical": "yes",
    "data.augmentation.mixup": -1,
    "data.augmentation.rotation": 181,
    "data.augmentation.shift": 1,
    "data.augmentation.zoom": "much",
    "network.name": None,
}


@pytest.mark.parametrize("field", WRONG)
def test_a_wrong_value_is_named_in_one_sentence(field: str) -> None:
    *rooms, name = field.split(".")
    fields = msgspec.to_builtins(RunConfig())
    room = fields
    for key in rooms:
        room = room[key]
    room[name] = WRONG[field]
    with pytest.raises(ConfigError) as error:
        from_builtins(fields, RunConfig)
    assert rooms[-1] in str(error.value)
    assert name in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("layer", "word"),
    [
        ({"kind": "conv", "filters": 0}, "filters"),
        ({"kind": "conv"}, "filters"),
        ({"kind": "conv", "filters": 8, "activation": "step"}, "activation"),
        ({"kind": "dropout", "share": 1.0}, "share"),
        ({"kind": "fold"}, "fold"),
        ({"filters": 8}, "kind"),
    ],
)
def test_a_wrong_layer_is_named_with_its_place(layer: dict[str, object], word: str) -> None:
    fields = {"name": "mine", "layers": [{"kind": "conv", "filters": 8}, layer]}
    with pytest.raises(ConfigError, match=r"layers\[") as error:
        from_builtins(fields, NetworkConfig)
    assert word in str(error.value)


def test_a_config_made_in_code_is_checked_too() -> None:
    with pytest.raises(ConfigError, match="batch_size"):
        checked(TrainingConfig(batch_size=0))


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf])
def test_a_learning_rate_must_be_a_number_above_0(rate: float) -> None:
    with pytest.raises(ConfigError, match="learning_rate"):
        checked(TrainingConfig(learning_rate=rate))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml can't be read"):
        load(tmp_path / "none.toml", RunConfig)


@pytest.mark.parametrize(
    ("content", "complaint"), [(b"epochs = ", "isn't TOML"), (b"\xff\xfe", "can't be read")]
)
def test_a_damaged_file_is_named(content: bytes, complaint: str, tmp_path: Path) -> None:
    file = tmp_path / "damaged.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=complaint) as error:
        load(file, RunConfig)
    assert "damaged.toml" in str(error.value)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("x = " + "9" * 5000, "too many digits"),
        ("x = " + "[" * 3000 + "]" * 3000, "nested too deeply"),
        ("[" + ".".join("a" * 2000) + "]", "In .*unknown field `a`"),
        ("", "is empty"),
        ("# nothing\n", "is empty"),
        ("epochs = " + "1" * 4000, "In .*unknown field"),
        ("[training]\nepochs = " + "1" * 4000, "epochs"),
        ("[training]\nlearning_rate = nan", "learning_rate"),
        ("x = 2026-13-45", "isn't TOML"),
    ],
)
def test_toml_beyond_all_sense_is_one_sentence(
    content: str, complaint: str, tmp_path: Path
) -> None:
    file = tmp_path / "odd.toml"
    file.write_text(content)
    with pytest.raises(ConfigError, match=complaint) as told:
        load(file, RunConfig)
    assert "odd.toml" in str(told.value)
    assert len(str(told.value)) < 400


def test_a_network_of_ten_thousand_layers_is_refused_at_once(tmp_path: Path) -> None:
    file = tmp_path / "deep.toml"
    file.write_text('name = "deep"\n' + '[[layers]]\nkind = "conv"\nfilters = 1\n' * 10_000)
    with pytest.raises(ConfigError, match="length <= 500"):
        load(file, NetworkConfig)


def test_a_run_that_was_saved_before_shares_keeps_its_division(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    text = as_toml(RunConfig(data=DataConfig(source="/cats.zip")))
    assert 'usual = "shares"' in text
    file.write_text(text)
    assert load(file, RunConfig).data.usual == "shares"
    file.write_text(text.replace('usual = "shares"\n', ""))
    assert load(file, RunConfig).data.usual == SubsetCounts(1000, 500, 500)


def test_a_config_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "run.toml"
    save(RunConfig(), file)
    before = file.read_bytes()

    def fails(self: Path, *arguments: object, **more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fails)
    with pytest.raises(OSError, match="No space"):
        save(RunConfig(training=TrainingConfig(epochs=3)), file)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


@given(content=st.binary())
def test_no_file_gives_anything_but_a_config_or_a_sentence(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_bytes(content)
    try:
        config = load(file, RunConfig)
    except ConfigError as error:
        assert error.hint
    else:
        assert config == RunConfig()


def test_settings_of_before_there_were_more_still_open(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        "[training]\nepochs = 3\nbatch_size = 64\nlearning_rate = 0.002\n"
        'optimizer = "sgd"\nschedule = "cosine"\nseed = 0\ndevice = "auto"\n'
    )
    assert load(file, RunConfig).training == TrainingConfig(epochs=3, optimizer="sgd")
