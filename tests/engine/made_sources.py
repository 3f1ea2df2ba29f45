"""Sources made by hand, of pictures in memory."""

import io

import numpy as np
from PIL import Image

from engine.data.source import Source


class MadeFiles:
    """Encoded pictures, or the errors that reading them raises, by index. Counts the reads."""

    def __init__(self, contents: list[bytes | Exception]) -> None:
        self.contents = contents
        self.reads = [0] * len(contents)

    def read(self, index: int) -> bytes:
        self.reads[index] += 1
        content = self.contents[index]
        if isinstance(content, Exception):
            raise content
        return content

    def size(self, index: int) -> int:
        content = self.contents[index]
        return len(content) if isinstance(content, bytes) else 0

    def place(self, index: int) -> str:
        return f"memory/{index}"


def encoded(rgb_HWC: np.ndarray, kind: str = "JPEG", **how: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(rgb_HWC).save(file, kind, **how)
    return file.getvalue()


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def noisy_files(count: int, height: int = 12, width: int = 16) -> MadeFiles:
    """PNGs, each another, so that what is read can be told exactly."""
    return MadeFiles([encoded(noise(height, width, seed), "PNG") for seed in range(count)])


def source_of(
    files: MadeFiles, where: str = "/pictures", fingerprint: str = "aa", name: str = "pictures"
) -> Source:
    count = len(files.contents)
    return Source(
        name=name,
        where=where,
        classes=("one",),
        names=tuple(f"{number}.png" for number in range(count)),
        labels_N=np.zeros(count, np.int64),
        fingerprint=fingerprint,
        files=files,
    )
