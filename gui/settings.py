"""What the window remembers from one start to the next, in a folder of the user's."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QByteArray, QSettings

from engine import config
from engine.config import RunConfig
from engine.errors import ConfigError
from engine.files import try_writing

Name = TypeVar("Name", bound=str)


class Settings:
    """An INI file for the window and a TOML file for the run. Used on the GUI thread.

    `problem` is one sentence, or empty: a folder that can't be written keeps nothing and breaks
    nothing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problem = _problem_with(folder)
        self._ini = QSettings(str(_ini_in(folder)), QSettings.Format.IniFormat)

    def blob(self, key: str) -> QByteArray:
        """Bytes as Qt saved them, such as a layout; empty when there are none."""
        value = self._ini.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def one_of(self, key: str, names: Sequence[Name], default: Name) -> Name:
        """A remembered name; the default unless it is one of `names`."""
        value = self._ini.value(key)
        return next((name for name in names if name == value), default)

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """A remembered number; the default unless it lies between `low` and `high`."""
        try:
            value = float(str(self._ini.value(key)))
        except ValueError:
            return default
        return value if low <= value <= high else default

    def text(self, key: str) -> str:
        value = self._ini.value(key)
        return value if isinstance(value, str) else ""

    def put(self, key: str, value: QByteArray | str | float) -> None:
        self._ini.setValue(key, value)

    def run(self) -> RunConfig:
        """What was trained the last time, and how; ConfigError when the file is damaged."""
        path = self._run_path
        return config.load(path, RunConfig) if path.is_file() else RunConfig()

    def put_run(self, run: RunConfig) -> None:
        try:
            config.save(run, self._run_path)
        except OSError as error:
            self.problem = self.problem or _sentence(self.folder, error)

    def write(self) -> None:
        """Bring what was put to the disk, as far as that is possible."""
        self._ini.sync()

    @property
    def _run_path(self) -> Path:
        return self.folder / "run.toml"


def _ini_in(folder: Path) -> Path:
    """Where something else has that name, a pipe say, Qt would wait for it: another file then."""
    usual = folder / "window.ini"
    return folder / "window-2.ini" if usual.exists() and not usual.is_file() else usual


def _problem_with(folder: Path) -> str:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try_writing(folder)
    except OSError as error:
        return _sentence(folder, error)
    return ""


def _sentence(folder: Path, error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    return f"Layout and settings can't be kept, as {folder} can't be written: {reason}."


def run_or_default(settings: Settings) -> tuple[RunConfig, str]:
    """The remembered run, or the usual one and a sentence that says why."""
    try:
        return settings.run(), ""
    except ConfigError as error:
        return RunConfig(), f"{error.message} Training starts with the default settings."
