"""Importing what is built on Qt, where Qt or what it needs may be missing."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from engine.errors import EngineError

PACKAGES = ("PySide6", "shiboken6", "pyqtgraph")
REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.txt"
_WITHOUT = "the commands that need no window work without it."


@contextmanager
def importing_qt() -> Iterator[None]:
    """EngineError when Qt isn't installed, or a library that it or torch needs isn't there."""
    try:
        if sys.platform == "win32":
            _load_before_qt()
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in PACKAGES:
            raise
        raise EngineError(
            f"The window can't be shown: {error.name} isn't installed.",
            f'Install it with: "{sys.executable}" -m pip install -r "{REQUIREMENTS}"; {_WITHOUT}',
        ) from error
    except (ImportError, OSError) as error:
        raise EngineError(
            f"The window can't be shown: {str(error).rstrip('.')}.",
            f"Install what is missing; {_WITHOUT}",
        ) from error


def _load_before_qt() -> None:
    """On Windows Qt brings a C++ runtime along that may be too old for torch's: the library of
    torch that minds is loaded before Qt, without the seconds that all of torch takes."""
    torch = find_spec("torch")
    if torch is None or torch.origin is None:
        return
    library = Path(torch.origin).parent / "lib" / "c10.dll"
    if library.is_file():
        ctypes.CDLL(str(library))
