"""Without pytest-qt, nothing in the process can import Qt: the engine's tests pass all the same."""

import importlib.abc
import sys

import pytest

QT = {"PySide6", "shiboken6", "pyqtgraph", "superqt"}


class NoQt(importlib.abc.MetaPathFinder):
    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name.split(".")[0] in QT:
            raise ModuleNotFoundError(f"{name} is kept out of the engine's tests", name=name)


def pytest_configure(config: pytest.Config) -> None:
    if not config.pluginmanager.hasplugin("pytest-qt"):
        sys.meta_path.insert(0, NoQt())
