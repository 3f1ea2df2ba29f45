"""What is dropped or pasted: files, folders, pictures; and the light while it is dragged."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from gui.pages.train.dropped import holds_pictures, pictures_in, rgb_of
from gui.widgets.drop_target import DropTarget

PRESSED = (
    Qt.MouseButton.LeftButton,
    Qt.KeyboardModifier.NoModifier,
)


@pytest.fixture
def target(qtbot):
    window = QWidget()
    QVBoxLayout(window).addWidget(QLabel("content"))
    qtbot.addWidget(window)
    window.show()
    return DropTarget(window, lambda mime: "Drop it" if holds_pictures(mime) else "")


def files(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def drag_over(widget: QWidget, mime: QMimeData) -> bool:
    event = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, mime, *PRESSED)
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def drop_on(widget: QWidget, mime: QMimeData) -> bool:
    event = QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, mime, *PRESSED)
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def test_files_and_folders_are_taken_all_at_once(target, tmp_path):
    got = []
    target.dropped.connect(lambda mime: got.append(pictures_in(mime)))
    paths = [tmp_path / "a.png", tmp_path]
    assert drag_over(target.parentWidget(), files(*paths))
    assert target.isVisible()
    assert drop_on(target.parentWidget(), files(*paths))
    assert target.isHidden()
    assert got == [(paths, None)]


def test_the_light_goes_out_when_the_drag_leaves(target, tmp_path):
    drag_over(target.parentWidget(), files(tmp_path))
    assert target.geometry() == target.parentWidget().rect()
    QApplication.sendEvent(target.parentWidget(), QDragLeaveEvent())
    assert target.isHidden()


def test_text_and_pages_of_the_web_are_refused(target):
    text = QMimeData()
    text.setText("not a picture")
    page = QMimeData()
    page.setUrls([QUrl("https://example.org/cat.jpg")])
    for mime in (text, page):
        assert not holds_pictures(mime)
        assert not drag_over(target.parentWidget(), mime)
        assert target.isHidden()


def test_another_widget_can_be_watched(target, qtbot, tmp_path):
    floating = QWidget()
    qtbot.addWidget(floating)
    target.watch(floating)
    got = []
    target.dropped.connect(lambda mime: got.append(pictures_in(mime)[0]))
    assert drag_over(floating, files(tmp_path))
    assert drop_on(floating, files(tmp_path))
    assert got == [[tmp_path]]


def test_a_picture_itself_comes_as_rgb():
    image = QImage(3, 2, QImage.Format.Format_RGB32)
    image.fill(QColor(10, 20, 30))
    image.setPixelColor(2, 0, QColor(200, 100, 50))
    mime = QMimeData()
    mime.setImageData(image)
    paths, rgb_HWC = pictures_in(mime)
    assert paths == []
    assert rgb_HWC.shape == (2, 3, 3)
    assert rgb_HWC.dtype == np.uint8
    assert rgb_HWC[0, 2].tolist() == [200, 100, 50]
    assert rgb_HWC[1, 0].tolist() == [10, 20, 30]


def test_transparency_is_laid_over_white():
    image = QImage(2, 1, QImage.Format.Format_ARGB32)
    image.setPixelColor(0, 0, QColor(0, 0, 0, 0))
    image.setPixelColor(1, 0, QColor(0, 0, 0, 255))
    assert rgb_of(image)[0].tolist() == [[255, 255, 255], [0, 0, 0]]


def test_a_picture_of_a_screen_with_two_pixels_a_pixel_is_taken_whole():
    image = QImage(6, 4, QImage.Format.Format_RGB32)
    image.fill(QColor(10, 20, 30))
    image.setDevicePixelRatio(2)
    rgb_HWC = rgb_of(image)
    assert rgb_HWC.shape == (4, 6, 3)
    assert np.all(rgb_HWC == [10, 20, 30])


def test_nothing_on_the_clipboard_is_nothing():
    assert pictures_in(QMimeData()) == ([], None)


def test_other_events_pass(target):
    assert not target.eventFilter(target.parentWidget(), QEvent(QEvent.Type.User))
