"""Finds what ConvScope needs of the system, and installs what is missing where it may.

    python packaging/system_libraries.py [--check] venv|window|tests

`venv`: Python itself, before there is a .venv. `window`: the libraries that Qt leaves to a Linux
system, and a font. `tests`: these and Xvfb. What is missing is installed with apt-get, as root or
through a sudo that asks for no password; elsewhere, and with --check, it is named in one sentence.

Plain standard library, and no syntax that a Python older than 3.11 can't read.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

MANAGERS = ("apt-get", "dnf", "pacman")
COMMANDS = ("apt-get install", "dnf install", "pacman -S")

# What is needed, and the package it comes in with each of the managers.
PACKAGES = {
    "ensurepip": ("python3-venv", "python3", "python"),
    "a font": ("fonts-dejavu-core", "dejavu-sans-fonts", "ttf-dejavu"),
    "Xvfb": ("xvfb", "xorg-x11-server-Xvfb", "xorg-server-xvfb"),
    "libEGL.so.1": ("libegl1", "libglvnd-egl", "libglvnd"),
    "libGL.so.1": ("libgl1", "libglvnd-glx", "libglvnd"),
    "libGLX.so.0": ("libglx0", "libglvnd-glx", "libglvnd"),
    "libOpenGL.so.0": ("libopengl0", "libglvnd-opengl", "libglvnd"),
    "libGLdispatch.so.0": ("libglvnd0", "libglvnd", "libglvnd"),
    "libX11.so.6": ("libx11-6", "libX11", "libx11"),
    "libX11-xcb.so.1": ("libx11-xcb1", "libX11-xcb", "libx11"),
    "libdbus-1.so.3": ("libdbus-1-3", "dbus-libs", "dbus"),
    "libfontconfig.so.1": ("libfontconfig1", "fontconfig", "fontconfig"),
    "libfreetype.so.6": ("libfreetype6", "freetype", "freetype2"),
    "libglib-2.0.so.0": ("libglib2.0-0", "glib2", "glib2"),
    "libgthread-2.0.so.0": ("libglib2.0-0", "glib2", "glib2"),
    "libstdc++.so.6": ("libstdc++6", "libstdc++", "gcc-libs"),
    "libxcb.so.1": ("libxcb1", "libxcb", "libxcb"),
    "libxcb-cursor.so.0": ("libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor"),
    "libxcb-icccm.so.4": ("libxcb-icccm4", "xcb-util-wm", "xcb-util-wm"),
    "libxcb-image.so.0": ("libxcb-image0", "xcb-util-image", "xcb-util-image"),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms"),
    "libxcb-randr.so.0": ("libxcb-randr0", "libxcb", "libxcb"),
    "libxcb-render.so.0": ("libxcb-render0", "libxcb", "libxcb"),
    "libxcb-render-util.so.0": (
        "libxcb-render-util0",
        "xcb-util-renderutil",
        "xcb-util-renderutil",
    ),
    "libxcb-shape.so.0": ("libxcb-shape0", "libxcb", "libxcb"),
    "libxcb-shm.so.0": ("libxcb-shm0", "libxcb", "libxcb"),
    "libxcb-sync.so.1": ("libxcb-sync1", "libxcb", "libxcb"),
    "libxcb-util.so.1": ("libxcb-util1", "xcb-util", "xcb-util"),
    "libxcb-xfixes.so.0": ("libxcb-xfixes0", "libxcb", "libxcb"),
    "libxcb-xkb.so.1": ("libxcb-xkb1", "libxcb", "libxcb"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon", "libxkbcommon"),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11"),
    "libz.so.1": ("zlib1g", "zlib", "zlib"),
    "libzstd.so.1": ("libzstd1", "libzstd", "zstd"),
}

QT_FILES = (
    "QtWidgets.abi3.so",
    "QtSvg.abi3.so",
    "QtTest.abi3.so",
    "QtOpenGLWidgets.abi3.so",
    "Qt/plugins/platforms/libqxcb.so",
    "Qt/plugins/platforms/libqoffscreen.so",
)
FONT_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
)
FONT_SUFFIXES = (".ttf", ".otf", ".ttc")


def not_found(ldd_output: str) -> list[str]:
    """The libraries that ldd could not find, in order, each once."""
    return list(dict.fromkeys(re.findall(r"^\s*(\S+) => not found", ldd_output, re.MULTILINE)))


def missing_libraries() -> list[str]:
    """What Qt as it is installed here would look for in vain."""
    qt = importlib.util.find_spec("PySide6")
    if qt is None or qt.origin is None or shutil.which("ldd") is None:
        return []
    files = [Path(qt.origin).parent / name for name in QT_FILES]
    listing = subprocess.run(
        ["ldd", *(str(file) for file in files if file.exists())],
        env={**os.environ, "LC_ALL": "C"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    return not_found(listing.stdout)


def has_font() -> bool:
    for folder in FONT_FOLDERS:
        for _, _, names in os.walk(Path(folder).expanduser()):
            if any(name.lower().endswith(FONT_SUFFIXES) for name in names):
                return True
    return False


def missing(purpose: str) -> list[str]:
    """What the purpose needs and this system has not; keys of PACKAGES, or a library's own name."""
    if purpose == "venv":
        return [] if importlib.util.find_spec("ensurepip") else ["ensurepip"]
    if sys.platform != "linux":
        return []
    needs = missing_libraries()
    if not has_font():
        needs.append("a font")
    if purpose == "tests" and shutil.which("Xvfb") is None:
        needs.append("Xvfb")
    return needs


def packages(needs: list[str], manager: str | None) -> list[str]:
    """The packages that bring what is needed; where none is known, the need itself."""
    if manager is None:
        return needs
    column = MANAGERS.index(manager)
    return list(dict.fromkeys(PACKAGES[n][column] if n in PACKAGES else n for n in needs))


def become_root() -> list[str] | None:
    """What to put before a command so that it runs as root; None where that takes a password."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    asks_nothing = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return ["sudo", "-n"] if asks_nothing.returncode == 0 else None


def apt_install(names: list[str], prefix: list[str]) -> None:
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2"]
    subprocess.run([*apt, "update"], check=False)
    subprocess.run([*apt, "install", "--yes", "--no-install-recommends", *names], check=False)


def main() -> str | None:
    """A sentence when something is missing still."""
    parser = argparse.ArgumentParser(description="Find and install what ConvScope needs.")
    parser.add_argument("purpose", choices=("venv", "window", "tests"))
    parser.add_argument("--check", action="store_true", help="only name what is missing")
    arguments = parser.parse_args()

    if sys.version_info < (3, 11):
        version = ".".join(map(str, sys.version_info[:2]))
        return (
            f"ConvScope needs Python 3.11 or later, and this is {version}: "
            "name another one, as in `make run PYTHON=python3.12`."
        )
    needs = missing(arguments.purpose)
    if not needs:
        return None
    manager = next((name for name in MANAGERS if shutil.which(name)), None)
    prefix = become_root() if manager == "apt-get" and not arguments.check else None
    if prefix is not None:
        names = packages(needs, manager)
        print(f"Installing {' '.join(names)} with apt-get.", flush=True)
        apt_install(names, prefix)
        needs = missing(arguments.purpose)
        if not needs:
            return None
    named = " ".join(packages(needs, manager))
    if manager is None:
        return f"ConvScope needs what this system has not: {named}. Install it and try again."
    command = COMMANDS[MANAGERS.index(manager)]
    return (
        f"ConvScope needs packages that are not installed: "
        f"run `sudo {command} {named}` and try again."
    )


if __name__ == "__main__":
    sys.exit(main())
