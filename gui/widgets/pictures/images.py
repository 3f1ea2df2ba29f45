"""Arrays of pixels as Qt's images."""

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap

EVEN_FROM = 3
"""Device pixels a pixel, from which on uneven ones would be seen; below, even ones waste room."""


def even(scale: float) -> float:
    """The largest scale, in device pixels a pixel, that is no larger and shows pixels evenly."""
    return float(int(scale)) if scale >= EVEN_FROM else scale


def image_of(picture_HWC: np.ndarray) -> QImage:
    """A uint8 picture of one or three channels as an image that owns its pixels."""
    height, width, channels = picture_HWC.shape
    if channels == 3:
        pixels, kind = np.ascontiguousarray(picture_HWC), QImage.Format.Format_RGB888
    else:
        pixels = np.ascontiguousarray(picture_HWC[..., 0])
        kind = QImage.Format.Format_Grayscale8
    image = QImage(pixels.data, width, height, pixels.strides[0], kind)
    return image.convertToFormat(QImage.Format.Format_RGB32)


def fitted(image: QImage, size: QSize) -> QImage:
    """An image resized to `size`: averaged where it shrinks, its pixels kept where it grows."""
    shrinks = image.width() > size.width() or image.height() > size.height()
    kind = Qt.TransformationMode
    mode = kind.SmoothTransformation if shrinks else kind.FastTransformation
    return image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, mode)


def paint_fitted(painter: QPainter, box: QRect, pixmap: QPixmap) -> None:
    """A picture in the middle of a box, as large as it fits; its pixels are kept, all of one size,
    where it is enlarged."""
    ratio = painter.device().devicePixelRatioF()
    size = pixmap.size()
    scale = min(box.width() * ratio / size.width(), box.height() * ratio / size.height())
    if scale >= 1:
        scale = int(scale)
    width, height = size.width() * scale / ratio, size.height() * scale / ratio
    left, top = box.left() + (box.width() - width) / 2, box.top() + (box.height() - height) / 2
    place = QRectF(int(left * ratio) / ratio, int(top * ratio) / ratio, width, height)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 1)
    painter.drawPixmap(place, pixmap, QRectF(pixmap.rect()))
