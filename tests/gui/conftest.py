"""These tests need no screen: widgets are laid out and painted offscreen."""

import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"
