"""What a run is: its data, its network and its training. Plain, frozen, and kept as TOML.

Imports without torch. `check` functions raise ConfigError with one sentence.
"""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

import msgspec
import tomli_w
from msgspec import Meta, Struct

from engine.errors import ConfigError
from engine.files import read_file

LARGEST_COUNT = 10**9
"""Of epochs, pictures, filters: what is counted in other numbers than these is a mistake."""

Count = Annotated[int, Meta(ge=1, le=LARGEST_COUNT)]
CountOrNone = Annotated[int, Meta(ge=0, le=LARGEST_COUNT)]
Share = Annotated[float, Meta(ge=0, lt=1)]
Decay = Annotated[float, Meta(ge=0, le=1)]
Seed = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Activation = Literal["relu", "leaky_relu", "elu", "gelu", "tanh", "sigmoid", "none"]
Optimizer = Literal["adam", "adamw", "rmsprop", "sgd"]
Schedule = Literal["constant", "cosine"]
DeviceName = Literal["auto", "cpu", "cuda", "mps"]
Colour = Literal["own", "grey", "rgb"]
Fit = Literal["stretch", "crop", "pad"]
Normalisation = Literal["none", "measured", "imagenet"]
Fill = Literal["black", "nearest", "mirror"]
Part = Literal["test", "validation", "train", "all"]
"""Pictures to measure a network on: a subset of its source, or every picture of it."""

MOST_BYTES = 2**24
"""A TOML file with more, 16 MiB, is no config."""
MOST_LAYERS = 500
"""Of a list of layers; torch would take minutes to make more, and nobody could look at them."""
LARGEST_LEARNING_RATE = 1e6
"""Beyond any use; torch's own arithmetic overflows at still larger ones."""

LARGEST_SIDE = 4096
"""Of what a network sees, in pixels."""

AnyConfig = TypeVar("AnyConfig", bound=Struct)

OPTIMIZERS: tuple[Optimizer, ...] = get_args(Optimizer)
DEVICES: tuple[DeviceName, ...] = get_args(DeviceName)
COLOURS: tuple[Colour, ...] = get_args(Colour)
FITS: tuple[Fit, ...] = get_args(Fit)
NORMALISATIONS: tuple[Normalisation, ...] = get_args(Normalisation)
FILLS: tuple[Fill, ...] = get_args(Fill)


class Conv(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="conv"):
    """A 2-D convolution with its activation; "same" pads with zeros: stride 1 keeps the size."""

    filters: Count
    kernel: Count = 3
    stride: Count = 1
    padding: Literal["valid", "same"] = "valid"
    activation: Activation = "relu"


class MaxPool(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="max_pool"):
    """The maximum of each window; `stride` 0 means as large as the window."""

    size: Count = 2
    stride: CountOrNone = 0


class AveragePool(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="average_pool"
):
    """The mean of each window; `stride` 0 means as large as the window."""

    size: Count = 2
    stride: CountOrNone = 0


class GlobalAveragePool(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="global_average_pool"
):
    """The mean of each whole map."""


class BatchNorm(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="batch_norm"
):
    """Each channel normalised over the batch."""


class Dropout(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="dropout"):
    """Sets a share of the values to zero while training."""

    share: Share = 0.5


class Dense(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="dense"):
    """A fully connected layer with its activation; maps before it are flattened.

    The last dense layer gives the scores of the classes: its activation is 'none', and `units` 0
    means as many as there are classes.
    """

    units: CountOrNone = 0
    activation: Activation = "relu"


Layer = Conv | MaxPool | AveragePool | GlobalAveragePool | BatchNorm | Dropout | Dense


class NetworkConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A network as a list of layers; the shape that goes in comes from the data."""

    name: str
    layers: Annotated[tuple[Layer, ...], Meta(max_length=MOST_LAYERS)]


class Augmentation(Struct, frozen=True, forbid_unknown_fields=True):
    """How a training picture is varied each time it is drawn; each amount is the largest change.

    `rotation` and `shear` in degrees, `shift` as a share of the picture's side, `zoom` as a share
    of its size; `brightness`, `contrast` and `colour` (saturation) as shares of what is there.
    `fill` is what comes in from outside: black, the nearest pixel, or the picture mirrored.
    `erasing` is the probability that a rectangle of a picture is blacked out. `mixup` and `cutmix`
    are the alphas of those methods' Beta distributions; 0 is off, and with both on each batch
    takes one of them.
    """

    rotation: Annotated[float, Meta(ge=0, le=180)] = 0.0
    shift: Share = 0.0
    shear: Annotated[float, Meta(ge=0, le=60)] = 0.0
    zoom: Share = 0.0
    flip_horizontal: bool = False
    flip_vertical: bool = False
    brightness: Share = 0.0
    contrast: Share = 0.0
    colour: Annotated[float, Meta(ge=0, le=1)] = 0.0
    fill: Fill = "black"
    erasing: Annotated[float, Meta(ge=0, le=1)] = 0.0
    mixup: Annotated[float, Meta(ge=0, le=10)] = 0.0
    cutmix: Annotated[float, Meta(ge=0, le=10)] = 0.0

    @property
    def changes_nothing(self) -> bool:
        return msgspec.structs.replace(self, fill="black") == Augmentation()


class SubsetCounts(Struct, frozen=True, forbid_unknown_fields=True):
    """How many pictures of each class go into each subset; "rest" takes all that are left."""

    train: Count | Literal["rest"] = 1000
    validation: Count = 500
    test: CountOrNone = 500


class DataConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the pictures come from and how they become what a network sees.

    `source` is "digits", a name of the catalogue, or the path of a folder, zip, CSV file or
    manifest. `subsets` None means those that the source comes with; where it has none, what is
    usual for it; else `usual`, of which "shares" are four fifths of each class to train, a tenth to
    validate and a tenth to test. `seed` is what they are drawn from. `unreadable` names the
    pictures that a survey could not read: they are in no subset. `size` is the side in pixels of
    what the network sees, 0 the source's own size, where all are alike. `fit` says how a picture of
    another shape gets there: stretched; cropped to the middle after its shorter side was resized;
    or padded. `normalisation` "none" leaves values in [0, 1]; "measured" subtracts the mean of the
    training pictures and divides by their standard deviation, channel by channel; "imagenet" uses
    ImageNet's.
    """

    source: str = "digits"
    subsets: SubsetCounts | None = None
    seed: Seed = 0
    size: Annotated[int, Meta(ge=0, le=LARGEST_SIDE)] = 0
    colour: Colour = "own"
    fit: Fit = "stretch"
    normalisation: Normalisation = "none"
    augmentation: Augmentation = Augmentation()
    usual: SubsetCounts | Literal["shares"] = "shares"
    unreadable: tuple[str, ...] = ()


DIGITS = DataConfig(fit="pad", augmentation=Augmentation(rotation=12.0, shift=0.1, zoom=0.15))
"""The digits as the default run learns from them."""


class TrainingConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """How the network is trained.

    A field with a title is a hyperparameter: the options of `train`, the fields of the Training
    panel and what can be changed while it trains all follow from it. `engine/hyperparameters.py`
    says what else its Meta may hold. Another one is used where `Run` takes a step.
    """

    epochs: Annotated[
        int,
        Meta(ge=1, le=LARGEST_COUNT, title="Epochs", description="How often every picture is seen"),
    ] = 20
    batch_size: Annotated[
        int, Meta(ge=1, le=LARGEST_COUNT, title="Batch size", description="Pictures in each step")
    ] = 64
    learning_rate: Annotated[
        float,
        Meta(
            gt=0,
            le=LARGEST_LEARNING_RATE,
            title="Learning rate",
            description="How far each step moves the weights",
            extra={"option": "lr", "typed": True},
        ),
    ] = 2e-3
    optimizer: Annotated[
        Optimizer, Meta(title="Optimiser", description="Another optimiser starts without memory")
    ] = "adam"
    momentum: Annotated[
        Share | None,
        Meta(
            title="Momentum",
            description="The share of the last step's move that the next one keeps",
            extra={"step": 0.05, "usual": {"sgd": 0.9, "rmsprop": 0.0}},
        ),
    ] = None
    """None: what is usual with the optimiser."""
    weight_decay: Annotated[
        Decay | None,
        Meta(
            title="Weight decay",
            description="How strongly each step draws the weights towards 0",
            extra={
                "typed": True,
                "usual": {"adam": 0.0, "adamw": 0.01, "rmsprop": 0.0, "sgd": 0.0},
            },
        ),
    ] = None
    """None: what is usual with the optimiser."""
    schedule: Annotated[
        Schedule,
        Meta(
            title="Schedule",
            description="Whether the learning rate stays, or falls to nothing along a cosine by the"
            " last epoch",
        ),
    ] = "cosine"
    warm_up: Annotated[
        float,
        Meta(
            ge=0,
            le=1000,
            title="Warm-up",
            description="Epochs in which the learning rate rises to its value",
            extra={"step": 0.5},
        ),
    ] = 0.0
    label_smoothing: Annotated[
        float,
        Meta(
            ge=0,
            lt=1,
            title="Label smoothing",
            description="The share of each label that is spread over all classes",
            extra={"step": 0.05},
        ),
    ] = 0.0
    gradient_clipping: Annotated[
        float,
        Meta(
            ge=0,
            le=1e6,
            title="Gradient clipping",
            description="The largest norm of a step's gradients; 0: as large as they are",
            extra={"step": 0.5},
        ),
    ] = 0.0
    seed: Annotated[
        Seed,
        Meta(
            description="What subsets, weights, order and variation start from",
        ),
    ] = 0
    device: Annotated[DeviceName, Meta(description="auto takes cuda, then mps, then cpu")] = "auto"
    deterministic: Annotated[
        bool,
        Meta(
            title="Deterministic",
            description="On an NVIDIA GPU, compute so that the same run gives the same weights:"
            " slower; the CPU always does",
        ),
    ] = False


DIGITS_CONVNET = NetworkConfig(
    name="digits convnet",
    layers=(
        Conv(32),
        MaxPool(2),
        Conv(64),
        MaxPool(2),
        Conv(64),
        Dense(64),
        Dense(0, activation="none"),
    ),
)


class RunConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that a run is made from.

    On the same CPU, with as many threads, the same one gives the same run to the last bit. CUDA
    promises that only to a `deterministic` training, and MPS to none.
    """

    data: DataConfig = DIGITS
    network: NetworkConfig = DIGITS_CONVNET
    training: TrainingConfig = TrainingConfig()


def checked(config: AnyConfig) -> AnyConfig:
    """The same config, every field known to be in range; else ConfigError naming the field."""
    return from_builtins(msgspec.to_builtins(config), type(config))


def from_builtins(fields: object, kind: type[AnyConfig], where: str = "a setting") -> AnyConfig:
    """A config of a kind from dicts and lists; ConfigError names the field that is wrong."""
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"In {where}: {error}.", "Correct that value and try again.") from error


def load(path: Path, kind: type[AnyConfig]) -> AnyConfig:
    """A config read from a TOML file; ConfigError when it is missing, malformed or out of range."""
    try:
        fields = tomllib.loads(read_file(path, MOST_BYTES).decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path} can't be read: {reason}.", "Name a TOML file.") from error
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits is a ValueError too
        raise ConfigError(
            f"{path} isn't TOML: {_why_no_toml(error)}.", "Correct that line."
        ) from error
    if not fields:  # as after a crash of the system, or of an editor
        raise ConfigError(f"{path} is empty.", "Write it anew, or name another file.")
    if kind is RunConfig and isinstance(data := fields.get("data"), dict):
        # Runs were saved before there was a choice.
        data.setdefault("usual", msgspec.to_builtins(SubsetCounts()))
    return from_builtins(fields, kind, where=str(path))


def _why_no_toml(error: ValueError | RecursionError) -> str:
    if isinstance(error, tomllib.TOMLDecodeError):
        return str(error)
    if isinstance(error, RecursionError):
        return "lists or tables are nested too deeply in it"
    return "a number in it has too many digits"


def save(config: Struct, path: Path) -> None:
    """Write a config as TOML, whole or not at all; OSError when that can't be done."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(as_toml(config), encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def as_toml(config: Struct) -> str:
    """A config as the text of a TOML file; what is None is left out, as TOML has no word for it."""
    return tomli_w.dumps(_without_none(msgspec.to_builtins(config)))


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_none(value) if isinstance(value, dict) else value
        for name, value in fields.items()
        if value is not None
    }
