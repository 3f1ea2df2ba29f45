"""Real pictures that lie beside the project where it is worked on, and that no clone brings."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "shared" / "data"


def shared(name: str) -> Path:
    """A file of real pictures; the test that asks is skipped where it isn't there."""
    if not (FOLDER / name).exists():
        pytest.skip(f"{name} isn't here: it comes with no clone.")
    return FOLDER / name
