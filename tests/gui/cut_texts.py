"""Finds text that a person can't read whole: cut, elided, outside of what it stands in, or under
other text."""

from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QStyle,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QStyleOptionSpinBox,
    QToolButton,
    QWidget,
)

from gui.widgets.live_label import LiveLabel

SLACK = 1
"""Pixels: an advance is rounded."""


def cut_texts(window: QWidget) -> list[str]:
    """A line for each text of a window that can't be read whole."""
    shown = [w for w in window.findChildren(QWidget) if w.isVisible() and w.window() is window]
    texts = [(widget, text) for widget in shown if (text := text_of(widget))]
    found = [
        f"{_place(widget)}: {text!r} {why}"
        for widget, text in texts
        for why in (*_lacks(widget, text), *_outside(widget))
    ]
    return [*found, *_overlaps([widget for widget, _ in texts])]


def text_of(widget: QWidget) -> str:
    """What a widget says, without markup; nothing for widgets that say nothing."""
    match widget:
        case LiveLabel():
            return widget.text
        case QLabel():
            if "</" not in widget.text():
                return widget.text()
            document = QTextDocument()
            document.setHtml(widget.text())
            return document.toPlainText()
        case QComboBox():
            return widget.currentText()
        case QAbstractSpinBox() | QAbstractButton():
            return widget.text().replace("&", "")
        case QLineEdit() if not isinstance(widget.parent(), (QAbstractSpinBox, QComboBox)):
            return widget.displayText() or widget.placeholderText()
    return ""


def _lacks(widget: QWidget, text: str) -> Iterator[str]:
    needs, has = _needs(widget, text), _has(widget)
    if needs.width() > has.width() + SLACK:
        yield f"is {needs.width()} wide in {has.width()}"
    if needs.height() > has.height() + SLACK:
        yield f"is {needs.height()} high in {has.height()}"


def _needs(widget: QWidget, text: str) -> QSize:
    metrics = widget.fontMetrics()
    line = QSize(metrics.horizontalAdvance(text), metrics.ascent())
    if isinstance(widget, LiveLabel):
        # One that leaves away what doesn't fit is never cut.
        return line if widget.seen else QSize(0, 0)
    if isinstance(widget, QLabel) and widget.wordWrap():
        around = widget.width() - widget.contentsRect().width()
        longest = max(map(metrics.horizontalAdvance, text.split()))
        return QSize(longest + around, widget.heightForWidth(widget.width()))
    if isinstance(widget, QLabel):
        return QSize(widget.sizeHint().width(), line.height())
    if isinstance(widget, QAbstractButton) and not widget.icon().isNull():
        if _text_is_under_icon(widget):
            return line
        return line + QSize(widget.iconSize().width() + 4, 0)
    return line


def _text_is_under_icon(widget: QAbstractButton) -> bool:
    under = Qt.ToolButtonStyle.ToolButtonTextUnderIcon
    return isinstance(widget, QToolButton) and widget.toolButtonStyle() == under


def _has(widget: QWidget) -> QSize:
    """The room for the text itself, without what the style draws around it."""
    style = widget.style()
    if isinstance(widget, QComboBox):
        combo = QStyleOptionComboBox()
        widget.initStyleOption(combo)
        part = QStyle.SubControl.SC_ComboBoxEditField
        kind = QStyle.ComplexControl.CC_ComboBox
        return style.subControlRect(kind, combo, part, widget).size()
    if isinstance(widget, QAbstractSpinBox):
        spin = QStyleOptionSpinBox()
        widget.initStyleOption(spin)
        part, kind = QStyle.SubControl.SC_SpinBoxEditField, QStyle.ComplexControl.CC_SpinBox
        # A line edit keeps two pixels free at each side.
        return style.subControlRect(kind, spin, part, widget).size() - QSize(4, 0)
    if isinstance(widget, QLineEdit):
        margins = widget.textMargins()
        return widget.contentsRect().marginsRemoved(margins).size() - QSize(4, 0)
    if isinstance(widget, QCheckBox):
        button = QStyleOptionButton()
        widget.initStyleOption(button)
        element = QStyle.SubElement.SE_CheckBoxContents
        return style.subElementRect(element, button, widget).size()
    return widget.size() if isinstance(widget, QLabel) else widget.contentsRect().size()


def _outside(widget: QWidget) -> Iterator[str]:
    """Beyond the edge of a widget around it that doesn't scroll."""
    rect, around = widget.rect(), widget
    while (parent := around.parentWidget()) is not None and not around.isWindow():
        rect = QRect(around.mapToParent(rect.topLeft()), rect.size())
        if isinstance(parent.parentWidget(), QAbstractScrollArea):
            return
        if not parent.rect().contains(rect):
            yield f"reaches out of {type(parent).__name__}"
            return
        around = parent


def _overlaps(widgets: list[QWidget]) -> Iterator[str]:
    """Texts over each other, also where one stands in the other, as in a field."""
    areas = [(widget, _area(widget)) for widget in widgets]
    for at, (one, area) in enumerate(areas):
        for other, its_area in areas[:at]:
            if area.intersects(its_area) and not _is_clipped(one, other):
                yield f"{_place(one)}: {text_of(one)!r} lies over {text_of(other)!r}"


def _is_clipped(*widgets: QWidget) -> bool:
    """Scrolled out of sight, at least in part: then where it would be says nothing."""
    return any(w.visibleRegion().boundingRect().size() != w.size() for w in widgets)


def _area(widget: QWidget) -> QRect:
    """Where the text itself is, in the window."""
    size = _needs(widget, text_of(widget)).boundedTo(widget.size())
    rect = widget.rect()
    alignment = widget.alignment() if isinstance(widget, (QLabel, QLineEdit)) else None
    if isinstance(widget, QLabel) and widget.wordWrap():
        size.setWidth(widget.width())
    if alignment is not None:
        rect = QStyle.alignedRect(Qt.LayoutDirection.LeftToRight, alignment, size, rect)
    return QRect(widget.mapTo(widget.window(), QPoint()) + rect.topLeft(), rect.size())


def _place(widget: QWidget) -> str:
    names = []
    around: QWidget | None = widget
    while around is not None and len(names) < 3:
        names.append(around.objectName() or type(around).__name__)
        around = around.parentWidget()
    return "/".join(reversed(names))
