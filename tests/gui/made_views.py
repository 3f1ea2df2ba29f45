"""Views of the data side as the desk would give them, made by hand."""

import numpy as np

from engine.config import SubsetCounts
from engine.messages.views import AugmentedView, SourceView, StepsView
from tests.gui.made_frames import as_bytes

USUAL = SubsetCounts()
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def photograph(height: int, width: int, seed: int = 0) -> np.ndarray:
    """uint8 (H, W, 3); every pixel differs from its neighbours."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def steps_view(
    size_HW: tuple[int, int] = (40, 60),
    box: tuple[float, float, float, float] = (0.0, 10.0, 40.0, 40.0),
    seen_HW: tuple[int, int] = (20, 20),
    channels: int = 3,
    source: int = 1,
    index: int = 5,
    head: bytes = bytes(range(256)),
    normalised: bool = True,
    measured_on: int = 2000,
) -> StepsView:
    generator = np.random.default_rng(index)
    values_CHW = generator.uniform(0, 255, (channels, *seen_HW)).astype(np.float32)
    mean, std = IMAGENET if normalised else ((0.0,) * 3, (1.0,) * 3)
    mean_C, std_C = mean[:channels], std[:channels]
    shape = channels, 1, 1
    input_CHW = (values_CHW / 255 - np.reshape(mean_C, shape)) / np.reshape(std_C, shape)
    return StepsView(
        source=source,
        index=index,
        name="cat.5.jpg",
        place="pets.zip: train/cat.5.jpg",
        label="cat",
        head=head,
        bytes=1200 if head else 0,
        kind="JPEG" if head else "array",
        rgb_HWC=photograph(*size_HW, seed=index),
        box=box,
        values_CHW=values_CHW,
        values_bytes_CHW=values_CHW.astype(np.uint8),
        input_CHW=input_CHW.astype(np.float32),
        input_bytes_CHW=as_bytes(input_CHW, input_CHW.min(), input_CHW.max()),
        mean_C=mean_C,
        std_C=std_C,
        measured_on=measured_on if normalised else 0,
    )


def augmented_view(count: int = 12, labels: tuple[str, ...] | None = None) -> AugmentedView:
    pictures_NHWC = np.stack([photograph(15, 15, seed) for seed in range(count)])
    return AugmentedView(1, 5, pictures_NHWC, labels or ("cat",) * count)


def source_view(
    source: int = 1,
    notes: tuple[str, ...] = (),
    usual: SubsetCounts | None = USUAL,
    comes_with_subsets: bool = False,
    own_size_HW: tuple[int, int] | None = None,
) -> SourceView:
    subset_N = np.repeat(np.array([0, 1, 2, -1], np.int8), [1500, 250, 240, 10])
    return SourceView(
        source=source,
        name="pets",
        where="pets.zip",
        classes=("cat", "dog"),
        names=tuple(f"{number}.jpg" for number in range(2000)),
        labels_N=np.arange(2000) % 2,
        subset_N=subset_N,
        problems=(),
        notes=notes,
        usual=usual,
        comes_with_subsets=comes_with_subsets,
        own_size_HW=own_size_HW,
    )
