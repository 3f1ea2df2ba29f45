"""A column of widgets that scrolls when there are more of them than room."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from gui.widgets.class_bars import demi_bold
from gui.widgets.theme import RHYTHM, make_quiet


class ScrollColumn(QScrollArea):
    """Scrolls up and down only: what stands in it must fit its width. GUI thread only."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        body = QWidget()
        self.column = QVBoxLayout(body)
        self.column.setContentsMargins(RHYTHM, RHYTHM, RHYTHM, RHYTHM)
        self.column.setSpacing(RHYTHM // 2)
        self.setWidget(body)


NAME_WIDTH = 11 * RHYTHM


def heading(words: str) -> QLabel:
    """What stands over a group of fields, with room above it."""
    label = QLabel(words)
    label.setFont(demi_bold(label.font()))
    label.setContentsMargins(0, RHYTHM, 0, 0)
    return label


def quiet_text(words: str = "") -> QLabel:
    """Secondary text in as many lines as it takes; it can be selected and copied."""
    label = plain_text(words)
    make_quiet(label)
    return label


def plain_text(words: str = "") -> QLabel:
    """Text in as many lines as it takes; it can be selected and copied."""
    label = QLabel(words)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setAlignment(Qt.AlignmentFlag.AlignTop)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def complaint() -> QLabel:
    """One sentence about what was typed; hidden until there is one."""
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setForegroundRole(QPalette.ColorRole.BrightText)
    label.hide()
    return label


def named_row(name: str, *fields: QWidget, stretched: bool = False) -> QHBoxLayout:
    """Fields after their name, which takes as much room in every row; `stretched`: the first of
    them fills the row."""
    label = QLabel(name)
    label.setMinimumWidth(NAME_WIDTH)
    label.setBuddy(fields[0])
    row = QHBoxLayout()
    row.setSpacing(RHYTHM // 2)
    row.addWidget(label)
    for field in fields:
        row.addWidget(field, int(stretched and field is fields[0]))
    if not stretched:
        row.addStretch(1)
    return row


def whole_number(text: str, most: int) -> int | None:
    """The number from 0 to `most` that a person typed; None when it isn't one."""
    digits = text.strip().replace(",", "")
    if not digits.isascii() or not digits.isdigit() or len(digits) > len(str(most)):
        return None
    return int(digits) if int(digits) <= most else None


def give_up_with_escape(field: QWidget, give_up: Callable[[], object]) -> None:
    """Escape in a field calls `give_up`, which shows again what holds."""
    escape = QAction(field)
    escape.setShortcut(Qt.Key.Key_Escape)
    escape.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    escape.triggered.connect(lambda: give_up())
    field.addAction(escape)


def leave_wheel(field: QWidget) -> None:
    """Let the wheel scroll the column that a field stands in, unless the field has the focus."""
    field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    field.installEventFilter(_WheelPassesBy(field))


class _WheelPassesBy(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.Wheel
            and isinstance(watched, QWidget)
            and not watched.hasFocus()
        ):
            event.ignore()
            return True
        return False
