"""Fields that have the keys only while something is typed or chosen in them."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def give_keys_back(*fields: QLineEdit | QAbstractSpinBox | QComboBox) -> None:
    """Enter takes what was typed and Escape leaves it; after either, and after a choice from an
    open list, the keys are the window's again.

    The focus goes to what the page is about: the focus proxy of the first widget around the field
    that has one. A line edit keeps it where what was typed could not be taken: then `isModified`
    still says so after its `editingFinished`.
    """
    for field in fields:
        _GivesBack(field)


class _GivesBack(QObject):
    def __init__(self, field: QLineEdit | QAbstractSpinBox | QComboBox) -> None:
        super().__init__(field)
        self._field = field
        self._steps = False
        field.installEventFilter(self)
        if isinstance(field, QComboBox):
            field.view().installEventFilter(self)
            field.activated.connect(self._chosen)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self._field:
            # Arrows on a closed list step through it, and go on; in an open one they only look.
            self._steps = self._steps and event.type() != QEvent.Type.Show
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            self._steps = True
            if event.key() in _ENTER:
                # Handled here, so that the next key finds the focus moved.
                self._field.event(event)
                self._give_back()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self._field.event(event)
                if isinstance(self._field, QSpinBox):
                    self._field.setValue(self._field.value())  # shows it anew
                elif isinstance(self._field, QDoubleSpinBox):
                    self._field.setValue(self._field.value())
                self._give_back()
                return True
        return False

    def _chosen(self) -> None:
        if not self._steps:
            self._give_back()

    def _give_back(self) -> None:
        field = self._field
        if isinstance(field, QLineEdit) and field.isModified():
            return
        around = field.parentWidget()
        while around is not None and around.focusProxy() is None:
            around = around.parentWidget()
        if around is not None:
            around.setFocus()
        else:
            field.clearFocus()
