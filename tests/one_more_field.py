"""A program begins with these lines where TrainingConfig has one field more than it has."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
FIELD = 'nesterov: Annotated[bool, Meta(title="Nesterov", description="Look ahead")] = False'
WITH_ONE_MORE_FIELD = f"""
import importlib.util, sys
spec = importlib.util.find_spec("engine.config")
source = spec.loader.get_source("engine.config")
place = source.index("    epochs: Annotated[")
source = source[:place] + "    " + {FIELD!r} + "\\n" + source[place:]
config = importlib.util.module_from_spec(spec)
sys.modules["engine.config"] = config
exec(compile(source, spec.origin, "exec"), config.__dict__)
import engine
engine.config = config
"""
