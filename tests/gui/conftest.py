"""These tests need no screen: widgets are laid out and painted offscreen."""

import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import pytest
from PySide6.QtWidgets import QApplication


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    """The application that the program makes, in place of a plain one."""
    from gui.app import Application

    return Application
