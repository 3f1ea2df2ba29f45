"""Small copies of pictures of the source that is learned from, for whoever wants to see them."""

from collections.abc import Callable

from engine.data.reading.thumbnail import thumbnail
from engine.data.reading.unread import UNREADABLE, why_unread
from engine.data.reading.walking import shown
from engine.data.source import Source
from engine.messages.frames import Frame, PictureFrame


class Showing:
    """A task that reads one picture a slice, and puts each where frames go."""

    kind = "show"
    unit = "pictures"
    live = False
    newest_only = True

    def __init__(
        self,
        number: int,
        step: int,
        source: Source,
        indices: tuple[int, ...],
        side: int,
        put: Callable[[Frame], None],
    ) -> None:
        """`indices` that the source doesn't have are passed over."""
        self.number = number
        self.step = step
        self.done = 0
        self._source = source
        self._indices = [index for index in indices if 0 <= index < len(source)]
        self.total = len(self._indices)
        self._side = max(1, side)
        self._put = put

    def advance(self, alone: bool) -> bool:
        if self.done < self.total:
            self._put(self._picture(self._indices[self.done]))
            self.done += 1
        return self.done == self.total

    def _picture(self, index: int) -> PictureFrame:
        source = self._source
        name, rgb_HWC, sentence = shown(source.names[index]), None, ""
        try:
            rgb_HWC = thumbnail(source, index, self._side)
        except UNREADABLE as error:
            sentence = why_unread(name, error)
        key = ("picture", str(index))
        return PictureFrame(key, source.fingerprint, index, name, rgb_HWC, sentence)

    def result(self) -> None:
        return None

    def close(self) -> None:
        return None
