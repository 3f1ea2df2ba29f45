"""The service that the pages of a window ask, with all that it can answer.

A page that asks something new adds its questions and views to the messages, and its handlers here.
Imports without torch: it loads where an answer first needs it.
"""

from engine.asking.service import Service
from engine.desk import networks, thumbnails
from engine.desk.pictures import THUMBNAILS, PictureDesk
from engine.messages.questions import ShowCache, ShowCatalogue


def make_desk() -> Service:
    """Not open yet. What there is to choose from is the first that it shows."""
    threads = {THUMBNAILS: thumbnails.THREADS}
    service = Service((*PictureDesk().handlers(), *networks.HANDLERS), threads)
    service.ask(ShowCatalogue())
    service.ask(ShowCache())
    return service
