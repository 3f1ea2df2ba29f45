"""Whether a window can open at all: Qt aborts the process where it can't."""

import ctypes
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QLibraryInfo

from engine.program import COMMAND

INSTEAD = f"Without a window the commands work: see `{COMMAND} --help`."


@contextmanager
def why_no_window(argv: Sequence[str] = ()) -> Iterator[str]:
    """One sentence or two on why no window can open here, or nothing. Make the QApplication inside.

    Looks on Linux only, and not where `argv` or QT_QPA_PLATFORM asks for a platform without a
    display, such as offscreen.
    """
    platform = _platform_asked_for(argv)
    looks = sys.platform.startswith("linux") and platform in ("", "xcb", "wayland")
    if not looks or (platform != "xcb" and _opens_wayland()):
        yield ""
        return
    display = os.environ.get("DISPLAY", "")
    if platform == "wayland" or not display:
        yield (
            "There is no display for the window: set DISPLAY or WAYLAND_DISPLAY, as a desktop"
            f" does, or put xvfb-run before the command. {INSTEAD}"
        )
        return
    missing = _missing_library()
    if missing:
        yield (
            f"The window needs a system library that is missing: {missing}."
            f" `python packaging/system_libraries.py window` installs it. {INSTEAD}"
        )
        return
    with _opened_x11() as opened:
        yield (
            ""
            if opened
            else (f"The display {display} can't be opened: nothing answers there. {INSTEAD}")
        )


def _platform_asked_for(argv: Sequence[str]) -> str:
    words = list(argv)
    if "-platform" in words[:-1]:
        name = words[words.index("-platform") + 1]
    else:
        name = os.environ.get("QT_QPA_PLATFORM", "")
    # A list of names is tried in turn, and a name may have options.
    return name.partition(";")[0].partition(":")[0]


def _opens_wayland() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY", "")
    if not name:
        return False
    path = Path(os.environ.get("XDG_RUNTIME_DIR", "")) / name
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            return False
    return True


def _missing_library() -> str:
    """What the loader says of the first library that Qt's X11 plugin misses, or nothing."""
    plugins = QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)
    plugin = Path(plugins) / "platforms" / "libqxcb.so"
    try:
        if plugin.is_file():
            ctypes.CDLL(str(plugin))
    except OSError as error:
        return str(error).partition(":")[0]
    return ""


@contextmanager
def _opened_x11() -> Iterator[bool]:
    """Holds a connection: a server such as Xvfb starts anew, and answers nobody meanwhile, when the
    last one is closed."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        yield True  # Qt brings its own here, and will say.
        return
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    try:
        yield not xcb.xcb_connection_has_error(connection)
    finally:
        xcb.xcb_disconnect(connection)
