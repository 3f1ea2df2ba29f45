"""What a person reads of a source before it is downloaded. Plain."""

from msgspec import Struct


class CatalogueEntry(Struct, frozen=True):
    """A source that can be downloaded, as a person reads of it before."""

    name: str
    """What `--data` takes."""
    title: str
    pictures: int
    classes: int
    size_HW: tuple[int, int] | None
    megabytes: int
    """To download."""
    licence: str
    page: str
    """Its home page."""
    is_here: bool
