"""What the tour does on the Data page: one picture on its way to the network."""

from typing import TYPE_CHECKING

from gui.guide import Guide, Step

if TYPE_CHECKING:
    from gui.pages.data.page import DataPage

PICTURE = 9
"""Of the digits, the one whose way to the network is shown."""


def steps(page: "DataPage") -> tuple[Step, ...]:
    def show_four_steps(guide: Guide) -> None:
        grid = page.browser.grid
        guide.until("The source", lambda: grid.model().rowCount() > 0)
        grid.setCurrentIndex(grid.model().index(PICTURE, 0))
        page.tabs.setCurrentWidget(page.steps)
        guide.until("The four steps", page.steps.grid.isVisible)
        guide.until("Thumbnails", lambda: not page.browser.model.missing(range(PICTURE + 1)))
        guide.save("data-four-steps")

    def show_augmentation(guide: Guide) -> None:
        page.tabs.setCurrentWidget(page.augmentation)
        guide.until("Draws of the picture", lambda: page.augmentation.grid.cells())
        guide.save("data-augmentation")

    return show_four_steps, show_augmentation
