"""The window's first place on screens of any size, and its way back onto one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication

from gui.app import make_window
from gui.placing import ABOVE, first_place
from gui.settings import Settings
from tests.gui.fake_session import FakeSession

ROOT = Path(__file__).parents[2]
SCREENS = {
    "1366x768": (1366, 728, 1),
    "2560x1440, two pixels a pixel": (1280, 680, 2),
    "1920x1080": (1920, 1040, 1),
    "2560x1440": (2560, 1400, 1),
}
LOOK = """
import json, sys
from pathlib import Path
from PySide6.QtCore import QPoint, QRect
from PySide6.QtTest import QTest
from gui.app import make_application, make_window
from gui.settings import Settings
from tests.gui.fake_session import FakeSession
app = make_application()
window = make_window(app, FakeSession(), Settings(Path(sys.argv[1])))
window.complete.connect(app.quit)
window.show()
app.exec()
page = window.pages["train"]
parts = {name: dock for name, dock in page.docks.items()}
parts |= {"strip": page.strip, "status line": window.parts.status_line}
inside = {
    name: window.rect().contains(QRect(part.mapTo(window, QPoint()), part.size()))
    for name, part in parts.items()
}
on_screen = window.screen().availableGeometry().contains(window.frameGeometry())
print(json.dumps({"inside": inside, "on screen": on_screen}))
"""


@pytest.mark.parametrize("screen", SCREENS.values(), ids=SCREENS)
def test_at_the_first_start_all_of_it_is_seen(screen, tmp_path):
    width, height, ratio = screen
    config = tmp_path / "screens.json"
    one = {"name": "one", "x": 0, "y": 0, "width": width, "height": height, "dpr": ratio}
    dots = {"logicalDpi": 96, "logicalBaseDpi": 96}
    config.write_text(json.dumps({"screens": [one | dots]}))
    environment = os.environ | {"QT_QPA_PLATFORM": f"offscreen:configfile={config}"}
    command = [sys.executable, "-c", LOOK, str(tmp_path / "settings")]
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100
    )
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert [name for name, inside in seen["inside"].items() if not inside] == []
    assert seen["on screen"]


@pytest.mark.parametrize("screen", SCREENS.values(), ids=SCREENS)
def test_the_first_place_leaves_room_for_the_frame(screen):
    available = QRect(70, 30, *screen[:2])
    place = first_place(available)
    assert available.contains(place.adjusted(0, -ABOVE, 0, 0))
    assert place.width() >= min(1280, available.width() - 16)


def test_a_window_that_was_left_where_no_screen_is_comes_back(qapp, qtbot, tmp_path):
    for expected in (False, True):
        window = make_window(qapp, FakeSession(), Settings(tmp_path))
        qtbot.addWidget(window)
        window.show()
        screen = window.screen().availableGeometry()
        if expected:
            assert screen.intersects(window.geometry().adjusted(99, 0, -99, 0))
        else:
            window.move(5000, 4000)
            QApplication.processEvents()
            assert not screen.intersects(window.geometry())
        window.close()
