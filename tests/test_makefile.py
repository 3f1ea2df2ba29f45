"""What `make help` lists, with the tools that every system has."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_help_lists_every_target_without_gnu_sed(tmp_path: Path) -> None:
    sed = tmp_path / "sed"
    sed.write_text("#!/bin/sh\nexit 1\n")
    sed.chmod(0o755)
    listing = subprocess.run(
        ["make", "help"],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (phony,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    listed = dict(re.findall(r"^  make (\w+)  +(\S.*)$", listing, re.MULTILINE))
    assert sorted(listed) == sorted(phony.split())
    assert listed["check"] == "Lint, types and import rules only"
