"""Why a picture of a source can't be used, in a sentence."""

from engine.errors import PictureError

UNREADABLE = (PictureError, OSError, MemoryError)
"""What reading and decoding a picture may raise."""


def why_unread(name: str, error: BaseException) -> str:
    """A sentence with what to do, of one of UNREADABLE."""
    if isinstance(error, PictureError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"{name} doesn't fit into memory. Shrink it first."
    if isinstance(error, FileNotFoundError):
        return f"{name} has gone since the source was opened. Put it back, or open it again."
    reason = getattr(error, "strerror", None) or error
    return f"{name} can't be read: {reason}. Check the disk that it is on."
