"""Where a window stands on the screen at its first start."""

from PySide6.QtCore import QRect, QSize

USUAL = QSize(1280, 800)
SHARE = 0.85
"""Of a large screen."""
BESIDE, ABOVE, BELOW = 8, 40, 8
"""What the system's frame takes: it is known only once the window is shown."""


def first_place(available: QRect) -> QRect:
    """The middle of what is free on a screen; all of it, where that is smaller than usual."""
    width = max(USUAL.width(), round(SHARE * available.width()))
    height = max(USUAL.height(), round(SHARE * available.height()))
    room = QSize(available.width() - 2 * BESIDE, available.height() - ABOVE - BELOW)
    place = QRect(0, 0, min(width, room.width()), min(height, room.height()))
    place.moveCenter(available.center())
    # The title bar comes on top.
    place.moveTop(max(place.top(), available.top() + ABOVE))
    return place
