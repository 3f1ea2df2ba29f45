"""What is remembered, and a folder that nothing may be written into."""

import errno
from pathlib import Path

import pytest

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
