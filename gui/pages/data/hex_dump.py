"""Bytes as programmers write them: their place, two digits each, and the letters among them."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import (
    QAction,
    QFont,
    QFontDatabase,
    QFontMetrics,
    QGuiApplication,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPalette,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.widgets.theme import RHYTHM

MOST_ROWS = 8
GAP = 2 * RHYTHM
EDGE = RHYTHM // 2


class HexDump(QWidget):
    """The first bytes of a file, sixteen a line where there is room, else eight or four."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bytes = b""
        self.setFont(_monospaced(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("The first bytes of the file")
        copy = QAction("Copy bytes", self)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(self._bytes.hex(" ")))
        self.addAction(copy)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def show_bytes(self, head: bytes) -> None:
        self._bytes = head
        self.setAccessibleDescription(head[:16].hex(" "))
        self.updateGeometry()
        self.update()

    @property
    def lines(self) -> list[tuple[str, str, str]]:
        """(place, digits, letters) of each line that is shown."""
        across = self._across()
        starts = range(0, len(self._bytes), across)[:MOST_ROWS]
        return [
            (f"{at:04x}", row.hex(" "), "".join(chr(b) if 32 <= b < 127 else "." for b in row))
            for at in starts
            for row in (self._bytes[at : at + across],)
        ]

    def _across(self) -> int:
        return next((n for n in (16, 8) if self._width(n) <= self.width()), 4)

    def _width(self, across: int) -> int:
        digit = QFontMetrics(self.font()).horizontalAdvance("0")
        return digit * (4 + 3 * across - 1 + across) + 2 * GAP + 2 * EDGE

    def sizeHint(self) -> QSize:
        return QSize(self._width(8), MOST_ROWS * self.fontMetrics().height() + 2 * EDGE)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._width(4), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        palette, metrics = self.palette(), self.fontMetrics()
        painter.fillRect(self.rect(), palette.base())
        quiet = palette.color(QPalette.ColorRole.PlaceholderText)
        strong = palette.color(QPalette.ColorRole.Text)
        digit, height = metrics.horizontalAdvance("0"), metrics.height()
        digits_at = EDGE + 4 * digit + GAP
        letters_at = digits_at + (3 * self._across() - 1) * digit + GAP
        for row, (place, digits, letters) in enumerate(self.lines):
            for left, words, colour in (
                (EDGE, place, quiet),
                (digits_at, digits, strong),
                (letters_at, letters, quiet),
            ):
                painter.setPen(colour)
                line = QRect(left, EDGE + row * height, self.width() - left, height)
                painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, words)
        if self.hasFocus():
            painter.setPen(palette.color(QPalette.ColorRole.Accent))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()


def _monospaced(font: QFont) -> QFont:
    """The system's font of one width, as large as `font`."""
    fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    fixed.setPointSizeF(font.pointSizeF())
    return fixed
