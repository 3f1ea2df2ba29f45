"""What the program is called and where its files lie, said once. Imports nothing of ours."""

import sys
from pathlib import Path

NAME = "convscope"
"""Of its folders, and in front of what it says on stderr."""
TITLE = "ConvScope"
COMMAND = Path(sys.executable).name if getattr(sys, "frozen", False) else "python main.py"
"""What a person types to run it."""
RESOURCES = Path(getattr(sys, "_MEIPASS", Path(__file__).resolve().parents[1])) / "resources"
"""Icons, palettes, network files; a program that was frozen brings them along."""
