"""What every panel is to the pump and the main window."""

from pathlib import Path

from PySide6.QtCore import QPoint, QSize
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from engine.messages.events import Event
from engine.messages.frames import Frame, FrameKey, Wanted
from engine.state import Status
from gui.view_state import ViewState


class Panel(QWidget):
    """A part of the window that shows one thing. All methods run on the GUI thread.

    The pump asks a visible panel what it `wants` and gives it the frames it got; a hidden panel is
    asked nothing. The controller gives every panel every event.
    """

    title = ""

    def __init__(self, view: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = view

    def wants(self) -> tuple[Wanted, ...]:
        """What must be captured for this panel as it stands now. Cheap: asked at every tick."""
        return ()

    def show_frames(self, frames: dict[FrameKey, Frame]) -> None:
        """Show what is new. `frames` may hold frames for other panels too."""

    def refresh(self) -> None:
        """Read what is shown but doesn't come as frames, such as curves; a few times a second,
        while visible and while anything can be new."""

    def show_event(self, event: Event) -> None:
        """React to an event; on `Loaded`, forget everything of the network before."""

    def show_status(self, status: Status) -> None:
        """React to what the engine does; called where that changed, a few times a second."""

    def save_png(self, path: Path) -> None:
        """Write the panel as it looks; OSError when the file can't be written."""
        if not self.grab().save(str(path), "PNG"):
            raise OSError(f"{path} can't be written.")

    def save_svg(self, path: Path) -> None:
        """Write the panel as vectors where it draws vectors; OSError when it can't be written."""
        from PySide6.QtSvg import QSvgGenerator

        generator = QSvgGenerator()
        generator.setFileName(str(path))
        generator.setSize(QSize(self.width(), self.height()))
        generator.setViewBox(self.rect())
        generator.setTitle(self.title)
        painter = QPainter()
        if not painter.begin(generator):
            raise OSError(f"{path} can't be written.")
        self.render(painter, QPoint())
        painter.end()

    def sizeHint(self) -> QSize:
        return QSize(360, 260)
