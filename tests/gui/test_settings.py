"""What is remembered, and a folder that nothing may be written into."""

import errno
import os
from pathlib import Path

import pytest

from engine.config import RunConfig
from gui.settings import Settings


def test_a_folder_that_only_writing_shows_to_be_closed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refused(self: Path, content: bytes) -> None:
        # As an access list or a server does, of which os.access knows nothing.
        raise PermissionError(errno.EACCES, "Permission denied")

    assert Settings(tmp_path).problem == ""
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(Path, "write_bytes", refused)
    assert Settings(tmp_path).problem == (
        f"Layout and settings can't be kept, as {tmp_path} can't be written: permission denied."
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="There are no pipes with names here.")
def test_pipes_of_the_names_of_its_files_are_not_waited_for(tmp_path: Path) -> None:
    for name in ("window.ini", "run.toml"):
        os.mkfifo(tmp_path / name)
    settings = Settings(tmp_path)
    settings.put("theme", "dark")
    settings.put_run(settings.run())
    settings.write()
    again = Settings(tmp_path)
    assert again.text("theme") == "dark"
    assert again.run() == RunConfig()
    assert again.problem == ""
