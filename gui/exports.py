"""Writing what one sees into files: asking where, and saying how it went."""

import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from engine.program import NAME
from gui.menus import add
from gui.panel import Panel
from gui.settings import Settings
from gui.widgets.notices import Notices
from gui.widgets.run_bar import RunBar

Write = Callable[[Path], None]


class Exports:
    """The export part of the File menu. The folder chosen last is remembered."""

    def __init__(
        self, window: QWidget, notices: Notices, settings: Settings, run_bar: RunBar
    ) -> None:
        self._window = window
        self._notices = notices
        self._settings = settings
        self._run_bar = run_bar

    def build_menu(self, menu: QMenu) -> None:
        self._menu = menu.addMenu("Export panel")

    def add_panel(self, panel: Panel) -> None:
        """Offer to write a panel as a picture."""
        formats = self._menu.addMenu(panel.title)
        add(formats, "PNG…", lambda: self.ask(panel.title, "PNG", panel.save_png))
        add(formats, "SVG…", lambda: self.ask(panel.title, "SVG", panel.save_svg))

    def ask(self, what: str, kind: str, how: Write) -> None:
        """Ask for a file of a kind, such as "PNG", and write it."""
        status = self._run_bar.status
        ending = f".{kind.lower()}"
        name = file_name(status.network, what, f"step-{status.step}") + ending
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, f"Export as {kind}", str(self._folder / name), f"{kind} (*{ending})"
        )
        if chosen:
            path = Path(chosen)
            if path.suffix.lower() != ending:
                path = path.with_name(path.name + ending)
            self._settings.put("export folder", str(path.parent))
            self.write(path, how)

    def write(self, path: Path, how: Write) -> None:
        """Write a file and say so in a notice, or say why not."""
        try:
            # Qt's own writers say only that they failed, and not why.
            path.open("ab").close()
            how(path)
        except OSError as error:
            reason = f"{path} can't be written: {error.strerror}." if error.strerror else str(error)
            self._notices.warn(f"{reason} Choose another folder.")
        else:
            self._notices.tell(f"{path.name} is written in {path.parent}.")

    @property
    def _folder(self) -> Path:
        documents = QStandardPaths.StandardLocation.DocumentsLocation
        remembered = self._settings.text("export folder")
        return Path(remembered or QStandardPaths.writableLocation(documents))


def file_name(*words: str) -> str:
    """A file name without odd characters: "digits convnet", "conv1" give digits-convnet-conv1."""
    joined = "-".join(word for word in words if word)
    return re.sub(r"[^\w.]+", "-", joined).strip("-.").lower() or NAME
