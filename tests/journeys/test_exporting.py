"""Export what one sees: panels as pictures, curves and maps as figures."""

import csv

import numpy as np
import pyqtgraph as pg
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from engine.state import Phase
from tests.journeys.driver import Driver
from tests.journeys.helpers import answer_dialog, is_blank, texts


def drawn_epochs(driver: Driver) -> np.ndarray:
    """The steps at which the validation curve has a point."""
    items = driver.window.pages["train"].curves.findChild(pg.GraphicsLayoutWidget).scene().items()
    step_E = next(item for item in items if isinstance(item, pg.PlotDataItem)).getData()[0]
    return step_E if step_E is not None else np.empty(0)


def test_what_is_seen_is_exported(open_window, monkeypatch, tmp_path):
    driver = open_window()
    driver.wait_for_phase(Phase.READY)
    driver.wait_for_panels()
    for epochs in (1, 2):  # with two, the validation has a line to draw
        driver.press("E")
        driver.until(lambda epochs=epochs: driver.session.status.epoch == epochs)
        driver.wait_for_phase(Phase.PAUSED)
    driver.until(lambda: len(drawn_epochs(driver)) == 2)
    driver.wait_for_maps(since=driver.session.status.step)
    driver.click_map("pool1", 0)
    driver.until(lambda: "pool1, map 0" in texts(driver.window.pages["train"].map_detail))
    for panel in driver.window.parts.panels:
        for kind in ("PNG", "SVG"):
            file = tmp_path / f"{panel.title}.{kind.lower()}"
            answer_dialog(monkeypatch, "getSaveFileName", file)
            driver.choose("File", "Export panel", panel.title, f"{kind}…")
            assert file.exists()
        with Image.open(tmp_path / f"{panel.title}.png") as image:
            assert image.size == panel.size().toTuple()
            rgb_HWC = np.asarray(image.convert("RGB"))
        assert not is_blank(rgb_HWC)
        drawn = drawn_svg(tmp_path / f"{panel.title}.svg", *image.size)
        assert not is_blank(drawn), panel.title
        assert np.abs(drawn.astype(int) - rgb_HWC).mean() < 25, f"{panel.title} looks the same"
    assert "written" in driver.notices[-1]

    answer_dialog(monkeypatch, "getSaveFileName", tmp_path / "curve")
    driver.choose("File", "Export curve as CSV…")
    with (tmp_path / "curve.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    curves = driver.session.curves.read()
    steps = [row for row in rows if row["kind"] == "step"]
    np.testing.assert_array_equal([int(row["step"]) for row in steps], curves.step_N)
    np.testing.assert_allclose([float(row["loss"]) for row in steps], curves.loss_N, rtol=1e-5)
    epochs = [row for row in rows if row["kind"] == "epoch"]
    for row, epoch in zip(epochs, curves.epochs, strict=True):
        assert float(row["val_loss"]) == pytest.approx(epoch.val_loss, rel=1e-5)
        assert float(row["val_accuracy"]) == pytest.approx(epoch.val_accuracy, rel=1e-5)

    # What can't be written is said in one sentence.
    answer_dialog(monkeypatch, "getSaveFileName", tmp_path / "nowhere" / "map.npy")
    driver.choose("File", "Export map as NPY…")
    assert "can't be written: No such file or directory." in driver.notices[-1]
    before = len(list(tmp_path.iterdir()))
    answer_dialog(monkeypatch, "getSaveFileName")
    driver.choose("File", "Export curve as CSV…")
    assert len(list(tmp_path.iterdir())) == before


def drawn_svg(file, width: int, height: int) -> np.ndarray:
    """What an SVG looks like: rgb_HWC, uint8."""
    renderer = QSvgRenderer(str(file))
    assert renderer.isValid()
    image = QImage(width, height, QImage.Format.Format_RGB888)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    rows_HB = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())
    return rows_HB[:, : 3 * width].reshape(height, width, 3).copy()
