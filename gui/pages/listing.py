"""All pages, as they stand on the rail. A new one is its folder and its entry here."""

from gui.page import Page
from gui.pages.data.page import DataPage
from gui.pages.train.page import TrainPage

PAGES: tuple[type[Page], ...] = (TrainPage, DataPage)
