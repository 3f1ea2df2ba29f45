"""A line of text that may change with every frame."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.widgets.theme import make_quiet
from gui.widgets.unhurried import Unhurried


class LiveLabel(Unhurried):
    """Like a quiet QLabel, but new text never moves the layout. GUI thread only."""

    def __init__(
        self,
        parent: QWidget | None = None,
        alignment: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        whole_only: bool = False,
    ) -> None:
        """`whole_only`: text that doesn't fit is left away rather than cut."""
        super().__init__(parent)
        self._words: str | Callable[[], str] = ""
        self._alignment = alignment | Qt.AlignmentFlag.AlignVCenter
        self._whole_only = whole_only
        make_quiet(self)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def text(self) -> str:
        """What there is to read now."""
        return self._words if isinstance(self._words, str) else self._words()

    @property
    def seen(self) -> str:
        """What is painted of it in the room that there is."""
        text, room = self.text, self.width()
        if self._whole_only and self.fontMetrics().horizontalAdvance(text) > room:
            return ""
        return self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)

    def set_text(self, text: str) -> None:
        """Show another text at once."""
        if text != self._words:
            self._words = text
            self.update()

    def follow(self, words: Callable[[], str]) -> None:
        """Show what `words` gives whenever the line is painted: a few times a second, not more."""
        self._words = words
        self.update_soon()

    def sizeHint(self) -> QSize:
        return QSize(40, self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().window())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), self._alignment, self.seen)
        painter.end()

    def event(self, event: QEvent) -> bool:
        # What is cut off can be read whole; a tip of its own says more.
        if (
            event.type() == QEvent.Type.ToolTip
            and isinstance(event, QHelpEvent)
            and not self.toolTip()
        ):
            text = self.text
            QToolTip.showText(event.globalPos(), text if self.seen != text else "", self)
            return True
        return super().event(event)
