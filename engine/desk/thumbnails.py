"""Thumbnails of single pictures, or the reason why there is none. Any thread."""

import logging

from engine.data.reading.thumbnail import thumbnail
from engine.data.reading.unread import UNREADABLE, why_unread
from engine.data.reading.walking import shown
from engine.data.source import Source
from engine.messages.views import Thumbnail

log = logging.getLogger(__name__)

THREADS = 2
"""That make them. No more: training may want the rest of the machine."""


def thumbnail_view(source: Source, number: int, index: int, side: int) -> Thumbnail:
    """Picture `index` of a source and its number, to fit a square of `side` pixels."""
    name = shown(source.names[index])
    try:
        return Thumbnail(number, index, side, thumbnail(source, index, side))
    except UNREADABLE as error:
        return Thumbnail(number, index, side, None, why_unread(name, error))
    except Exception:
        log.exception("the thumbnail of %s failed", name)
        return Thumbnail(number, index, side, None, f"{name} can't be decoded. Save it anew.")
