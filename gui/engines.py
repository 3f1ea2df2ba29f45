"""Where the engine runs: chosen in the menu for the next start, or on the command line for one."""

from typing import Literal, get_args

from engine.runs.kept import own_folder
from engine.sessions.session import Session
from gui.settings import Settings

Engine = Literal["thread", "process"]
ENGINES: dict[Engine, str] = {
    "thread": "in this process",
    "process": "in a process of its own",
}
USUAL: Engine = "thread"


def remembered_engine(settings: Settings) -> Engine:
    """What was chosen in the menu the last time."""
    return settings.one_of("engine", get_args(Engine), USUAL)


def make_session(engine: Engine) -> Session:
    """A session over an engine that is not started yet; it keeps what it trains."""
    if engine == "process":
        from engine.sessions.process import ProcessSession

        return ProcessSession(keep_in=own_folder())
    from engine.sessions.thread import ThreadSession

    return ThreadSession(keep_in=own_folder())
