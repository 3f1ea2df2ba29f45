"""The networks that come with ConvScope, and those that a person keeps in TOML files.

Imports without torch.
"""

import os
from pathlib import Path

from engine import config
from engine.config import NetworkConfig
from engine.errors import NetworkError
from engine.program import RESOURCES

FOLDER = RESOURCES / "networks"


def preset_names() -> tuple[str, ...]:
    """The names under which presets are found, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def find_network(name_or_file: str) -> NetworkConfig:
    """The layer list of a preset, or of a TOML file; a preset wins over a file of its name.

    NetworkError, with the presets there are, when there is neither; ConfigError when the file
    isn't a layer list.
    """
    if name_or_file in preset_names():
        return config.load(FOLDER / f"{name_or_file}.toml", NetworkConfig)
    path = Path(name_or_file)
    if os.path.isfile(path):  # noqa: PTH113 - unlike Path.is_file, it never raises
        return config.load(path, NetworkConfig)
    known = ", ".join(preset_names())
    if path.suffix == ".toml":
        raise NetworkError(
            f"There is no file {name_or_file}.", f"Name a TOML file, or a preset: {known}."
        )
    raise NetworkError(
        f"There is no network {name_or_file!r}.", f"The presets are {known}; or name a TOML file."
    )
