"""Quiet messages over the window's lower edge: a sentence, perhaps something to do about it."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.widgets.theme import RHYTHM, make_quiet

MOST = 4
"""How many notices stand at once; an older one gives way."""
WIDTH = 440
BRIEF_MS = 6000
LONGER_MS = 20000
"""How long a notice of what went well stands, and one that offers to do something."""

Deed = Callable[[], object]


class Notice(QWidget):
    """One message. It never takes the focus and never moves the layout."""

    def __init__(
        self, sentence: str, trouble: bool, action: tuple[str, Deed] | None, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.sentence = sentence
        self._trouble = trouble
        row = QHBoxLayout(self)
        row.setContentsMargins(RHYTHM * 2, RHYTHM, RHYTHM, RHYTHM)
        row.setSpacing(RHYTHM)
        label = QLabel(sentence)
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row.addWidget(label, 1)
        self.button: QPushButton | None = None
        if action is not None:
            words, deed = action
            self.button = QPushButton(words)
            self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.button.clicked.connect(lambda: deed())
            self.button.clicked.connect(self.dismiss)
            row.addWidget(self.button)
        self.cross = QToolButton()
        self.cross.setText("×")
        self.cross.setAutoRaise(True)
        self.cross.setToolTip("Dismiss")
        self.cross.setAccessibleName("Dismiss this message")
        self.cross.clicked.connect(self.dismiss)
        row.addWidget(self.cross, 0, Qt.AlignmentFlag.AlignTop)

    def dismiss(self) -> None:
        self.hide()
        self.deleteLater()

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = self.palette()
        painter = QPainter(self)
        painter.setPen(palette.color(QPalette.ColorRole.Dark))
        painter.setBrush(palette.color(QPalette.ColorRole.ToolTipBase))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        role = QPalette.ColorRole.BrightText if self._trouble else QPalette.ColorRole.Accent
        painter.fillRect(0, 0, RHYTHM // 2, self.height(), palette.color(role))


class Notices(QWidget):
    """The notices of a window, stacked, newest lowest. Lies over `window`, outside its layout."""

    def __init__(self, window: QWidget, margin_below: Callable[[], int] = lambda: 0) -> None:
        """`margin_below` gives the pixels to leave free at the lower edge, for a status bar."""
        super().__init__(window)
        self._window = window
        self._margin_below = margin_below
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(RHYTHM)
        self.hide()
        window.installEventFilter(self)

    def tell(self, sentence: str, action: tuple[str, Deed] | None = None) -> None:
        """Say what went well; it leaves by itself."""
        notice = self._add(sentence, trouble=False, action=action)
        if notice is not None:
            QTimer.singleShot(LONGER_MS if action else BRIEF_MS, notice, notice.dismiss)

    def withdraw(self, *offers: str) -> None:
        """Take away those whose button has one of these words: it would do something else now."""
        for notice in self.standing():
            if notice.button is not None and notice.button.text() in offers:
                notice.dismiss()

    def offer(self, sentence: str, action: tuple[str, Deed]) -> None:
        """Offer to do something; it stays until that is done or dismissed."""
        self._add(sentence, trouble=False, action=action)

    def warn(self, sentence: str, action: tuple[str, Deed] | None = None) -> None:
        """Say what went wrong; it stays until dismissed or pushed out by newer ones."""
        self._add(sentence, trouble=True, action=action)

    def standing(self) -> list[Notice]:
        """The notices now seen, oldest first."""
        items = (self._column.itemAt(at) for at in range(self._column.count()))
        found = [item.widget() for item in items if item is not None]
        return [w for w in found if isinstance(w, Notice) and not w.isHidden()]

    def _add(self, sentence: str, trouble: bool, action: tuple[str, Deed] | None) -> Notice | None:
        standing = self.standing()
        if any(notice.sentence == sentence for notice in standing):
            return None
        for notice in standing[: max(0, len(standing) - MOST + 1)]:
            notice.dismiss()
        notice = Notice(sentence, trouble, action, self)
        self._column.addWidget(notice)
        notice.installEventFilter(self)
        notice.show()
        self.show()
        self._place()
        return notice

    def _place(self) -> None:
        window = self._window
        width = min(WIDTH, window.width() - 4 * RHYTHM)
        self.setFixedWidth(width)
        self._column.activate()
        height = self._column.totalHeightForWidth(width)
        self.setFixedHeight(height)
        below = self._margin_below() + RHYTHM
        self.move(window.width() - width - 2 * RHYTHM, window.height() - height - below)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window:
            if event.type() == QEvent.Type.Resize and self.isVisible():
                self._place()
        elif event.type() == QEvent.Type.Hide:
            if self.standing():
                self._place()
            else:
                self.hide()
        return False


class ListDialog(QDialog):
    """A small table of text to read. Does not block the window, and is deleted when closed."""

    def __init__(
        self,
        title: str,
        caption: str,
        headers: tuple[str, str],
        rows: Sequence[tuple[str, str]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.resize(90 * RHYTHM, 50 * RHYTHM)
        column = QVBoxLayout(self)
        words = QLabel(caption)
        words.setWordWrap(True)
        make_quiet(words)
        column.addWidget(words)
        self.table = QTreeWidget()
        self.table.setHeaderLabels(headers)
        self.table.setRootIsDecorated(False)
        self.table.setAlternatingRowColors(True)
        self.table.setUniformRowHeights(True)
        for row in rows:
            item = QTreeWidgetItem(row)
            item.setToolTip(0, row[0])
            item.setToolTip(1, row[1])
            self.table.addTopLevelItem(item)
        self.table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        column.addWidget(self.table)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        column.addWidget(buttons)
