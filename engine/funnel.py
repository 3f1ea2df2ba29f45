"""Whatever goes wrong in a thread becomes a sentence for a person: here, for everybody."""

import logging
import traceback
from collections.abc import Callable

from engine.errors import EngineError

log = logging.getLogger(__name__)


def attempt(what: str, work: Callable[[], object], tell: Callable[[str, str], object]) -> bool:
    """Do something; whether it went well. On any thread.

    What goes wrong is given to `tell`, a sentence and details: those of an EngineError are empty,
    as its sentence says it all. Any other error was expected by nobody: it is logged, and its
    details are a traceback. `what` begins its sentence, such as "The survey".
    """
    try:
        work()
    except EngineError as error:
        tell(str(error), "")
    except Exception as error:
        log.exception("%s failed", what)
        tell(f"{what} failed: {type(error).__name__}: {error}.", traceback.format_exc())
    else:
        return True
    return False
