"""Arrays of pixels as Qt's images."""

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage

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
