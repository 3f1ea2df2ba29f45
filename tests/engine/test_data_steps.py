"""The four steps show what training gets, and where it comes from."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from engine.config import DataConfig
from engine.data.batches.scaling import Scaling, scaling_of
from engine.data.sources.open import open_source
from engine.desk.steps import HEAD_BYTES, steps_of
from engine.errors import PictureError


def smooth(height: int, width: int) -> np.ndarray:
    """RGB without sharp edges, which survive JPEG."""
    row, column = np.mgrid[0:height, 0:width]
    channels = (row * 200 / height, column * 200 / width, (row + column) * 100 / (height + width))
    return np.stack(channels, axis=2).astype(np.uint8) + 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for label in ("cats", "dogs"):
        inner = tmp_path / "pets" / label
        inner.mkdir(parents=True)
        for number in range(2):
            Image.fromarray(smooth(120, 200)).save(inner / f"{number}.png")
        Image.fromarray(smooth(90, 60)).save(inner / "3.jpg", quality=95)
    return tmp_path / "pets"


def test_a_file_is_read_decoded_resized_and_normalised(folder):
    source = open_source(str(folder))
    index = source.names.index("dogs/1.png")
    data = DataConfig(size=50, fit="crop")
    scaling = scaling_of("imagenet", 3, np.empty((0, 3, 50, 50), np.uint8))
    view = steps_of(source, index, data, (3, 50, 50), scaling, 0, 7)
    file = (folder / "dogs" / "1.png").read_bytes()
    assert (view.source, view.index, view.name, view.label) == (7, index, "dogs/1.png", "dogs")
    assert view.kind == "PNG"
    assert view.head == file[:HEAD_BYTES]
    assert view.bytes == len(file)
    assert view.place == str(folder / "dogs" / "1.png")
    np.testing.assert_array_equal(view.rgb_HWC, smooth(120, 200))
    assert view.box == pytest.approx((0, 40, 120, 120), abs=1.5)
    theirs = v2.Compose([v2.Resize(50, antialias=True), v2.CenterCrop(50)])
    expected_CHW = theirs(torch.from_numpy(smooth(120, 200)).permute(2, 0, 1))
    assert view.values_CHW.dtype == np.float32
    assert np.abs(view.values_CHW - expected_CHW.numpy()).max() <= 2
    assert view.input_CHW.dtype == np.float32
    expected_CHW = v2.functional.normalize(
        torch.from_numpy(view.values_CHW) / 255, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    )
    np.testing.assert_allclose(view.input_CHW, expected_CHW.numpy(), atol=1e-5)
    np.testing.assert_array_equal(view.values_bytes_CHW, view.values_CHW)
    assert view.values_bytes_CHW.dtype == view.input_bytes_CHW.dtype == np.uint8
    low, high = view.input_CHW.min(), view.input_CHW.max()
    greys_CHW = (view.input_CHW - low) / (high - low) * 255
    assert np.abs(view.input_bytes_CHW - greys_CHW).max() <= 0.51, "rounded, not cut off"
    assert (view.mean_C, view.std_C, view.measured_on) == (scaling.mean_C, scaling.std_C, 0)


def test_grey_and_padded(folder):
    source = open_source(str(folder))
    index = source.names.index("cats/3.jpg")
    data = DataConfig(size=30, colour="grey", fit="pad")
    view = steps_of(source, index, data, (1, 30, 30), Scaling((0.5,), (0.25,)), 12, 1)
    assert view.kind == "JPEG"
    assert view.values_CHW.shape == view.input_CHW.shape == (1, 30, 30)
    assert view.box == (0, -15, 90, 90), "beyond its edges"
    assert view.rgb_HWC.shape == (90, 60, 3)
    np.testing.assert_allclose(view.input_CHW, (view.values_CHW / 255 - 0.5) / 0.25, atol=1e-5)
    assert view.measured_on == 12


def test_a_picture_of_an_array_has_no_file():
    digits = open_source("digits")
    view = steps_of(digits, 4321, DataConfig(), (1, 28, 28), Scaling(), 0, 1)
    assert digits.pictures_NCHW is not None
    assert (view.kind, view.head, view.bytes) == ("array", b"", 784)
    assert view.rgb_HWC.shape == (28, 28, 3)
    assert view.box == (0, 0, 28, 28)
    np.testing.assert_array_equal(view.values_CHW, digits.pictures_NCHW[4321])
    np.testing.assert_allclose(view.input_CHW, digits.pictures_NCHW[4321] / 255, atol=1e-7)
    assert view.label == digits.classes[digits.labels_N[4321]]


def test_what_can_not_be_read_is_said(folder):
    source = open_source(str(folder))
    (folder / "cats" / "0.png").write_bytes(b"nothing of use")
    (folder / "cats" / "1.png").unlink()
    for index, wrong in ((0, PictureError), (1, (OSError, PictureError))):
        with pytest.raises(wrong):
            steps_of(source, index, DataConfig(), (3, 9, 9), Scaling(), 0, 1)
