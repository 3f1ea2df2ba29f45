"""A process of its own: how fast pictures are read, beside torchvision's ImageFolder. Prints a
table, or JSON with --json. Needs the pictures in `../shared/data`."""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from rich.console import Console
from rich.table import Table
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import Compose, Resize, ToTensor

from engine.config import DataConfig, RunConfig
from engine.data.batches.feed import Feed
from engine.data.batches.seeds import epoch_order
from engine.data.cache.cache import Cache
from engine.data.source import Source
from engine.data.sources.open import open_source
from engine.presets import FITTING
from engine.training.allocator import keep_freed_memory
from engine.training.devices import find_device
from engine.training.run import Run
from engine.training.supply import Batch

PICTURES = Path(__file__).parents[3] / "shared" / "data"
CATS_AND_DOGS = PICTURES / "dogs_vs_cats_1000.zip"
CIFAR = PICTURES / "cifar10_train.zip"

SHAPE = (3, 150, 150)
SMALL_SHAPE = (3, 32, 32)
MEMORY_SHAPE = (3, 64, 64)
BATCH = 64
AHEAD = 2
PLENTY = 2**36


def epoch(feed: Feed, order_N: np.ndarray, batch: int = BATCH) -> Iterator[torch.Tensor]:
    """The batches of an epoch as a run takes them, as floats from 0 to 1."""
    batches = np.split(order_N, range(batch, len(order_N), batch))
    for following in batches[:AHEAD]:
        feed.expect(following)
    for number, each in enumerate(batches):
        for following in batches[number + AHEAD : number + AHEAD + 1]:
            feed.expect(following)
        pictures_NCHW, _ = feed.take(each)
        yield torch.from_numpy(pictures_NCHW).float().div_(255.0)


def seconds_of(batches: Iterator[Any]) -> float:
    began = time.perf_counter()
    for _ in batches:
        pass
    return time.perf_counter() - began


def cats_and_dogs(turns: int, epochs: int) -> dict[str, list[float]]:
    """Pictures a second, turn by turn: ImageFolder with workers that stay, our first epoch with
    an empty cache, and `epochs` later ones."""
    rates: dict[str, list[float]] = {"ImageFolder": [], "first": [], "later": []}
    with tempfile.TemporaryDirectory() as there:
        folder = Path(there, "pictures")
        unpack_by_class(folder)
        transform = Compose([Resize(SHAPE[1:]), ToTensor()])
        loader = DataLoader(
            ImageFolder(folder, transform),
            batch_size=BATCH,
            shuffle=True,
            num_workers=2,
            persistent_workers=True,
        )
        seconds_of(iter(loader))
        source = open_source(str(CATS_AND_DOGS))
        order_N = epoch_order(len(source), 0, 0).numpy()
        # What is loaded once in a process is loaded.
        warm = Feed(source, SHAPE, "stretch", None)
        seconds_of(epoch(warm, order_N[:BATCH]))
        warm.close()
        for turn in range(turns):
            rates["ImageFolder"].append(len(source) / seconds_of(iter(loader)))
            cache = Cache(Path(there, f"cache {turn}"), PLENTY)
            feed = Feed(source, SHAPE, "stretch", cache)
            rates["first"].append(len(source) / seconds_of(epoch(feed, order_N)))
            later = sum(seconds_of(epoch(feed, order_N)) for _ in range(epochs))
            rates["later"].append(epochs * len(source) / later)
            feed.close()
    return rates


def unpack_by_class(folder: Path) -> None:
    with zipfile.ZipFile(CATS_AND_DOGS) as archive:
        for name in archive.namelist():
            file = Path(folder, Path(name).name.split(".")[0], Path(name).name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(archive.read(name))


def cifar() -> dict[str, float]:
    """Seconds from opening CIFAR-10's 50,000 files until all are decoded and in the cache; and the
    second time, until the first batch is there and until all pictures were."""
    found = {}
    with tempfile.TemporaryDirectory() as there:
        cache = Cache(Path(there), PLENTY)
        for when in ("first", "second"):
            began = time.perf_counter()
            source = open_source(str(CIFAR))
            feed = Feed(source, SMALL_SHAPE, "stretch", cache)
            batches = epoch(feed, np.arange(len(source)), batch=512)
            next(batches)
            found[f"{when}: first batch"] = time.perf_counter() - began
            seconds_of(batches)
            found[when] = time.perf_counter() - began
            assert not feed.problems()
            feed.close()
    return found


def waiting(steps: int) -> dict[str, Any]:
    """The share of the time of training steps that goes into their batches: a small convnet on
    CIFAR-10's pictures, in the cache, batches of 64."""
    device = find_device("auto")
    config = RunConfig(data=DataConfig(source=str(CIFAR)), network=FITTING)
    with tempfile.TemporaryDirectory() as there:
        run = Run(config, open_source(str(CIFAR)), device, Cache(Path(there), PLENTY))
        for start in range(0, len(run.training), 512):
            run.training.batch(start, start + 512)
        batch, spent = run.training.batch, [0.0]

        def timed(start: int, end: int) -> Batch:
            began = time.perf_counter()
            found = batch(start, end)
            spent[0] += time.perf_counter() - began
            return found

        for _ in range(20):
            run.step()
        run.training.batch = timed  # type: ignore[method-assign]
        began = time.perf_counter()
        for _ in range(steps):
            run.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        took = time.perf_counter() - began
        run.close_feed()
    return {
        "share": spent[0] / took,
        "milliseconds": 1000 * spent[0] / steps,
        "step": 1000 * took / steps,
        "device": str(device),
    }


class Repeated:
    """The same few files again and again."""

    def __init__(self, contents: list[bytes]) -> None:
        self.contents = contents

    def read(self, index: int) -> bytes:
        return self.contents[index % len(self.contents)]

    def size(self, index: int) -> int:
        return len(self.read(index))

    def place(self, index: int) -> str:
        return str(index)


def memory(count: int) -> dict[str, float]:
    """The most MiB that this process holds at that many pictures, in an epoch that decodes and in
    one from the cache; and MiB of the pictures once decoded."""
    with zipfile.ZipFile(CIFAR) as archive:
        contents = [archive.read(name) for name in archive.namelist()[::500]]
    source = Source(
        name="repeated",
        where="repeated",
        classes=("one",),
        names=tuple(f"{number}.jpg" for number in range(count)),
        labels_N=np.zeros(count, np.int64),
        fingerprint="aa",
        files=Repeated(contents),
    )
    found = {"decoded": count * float(np.prod(MEMORY_SHAPE)) / 2**20}
    process = psutil.Process()
    with tempfile.TemporaryDirectory() as there:
        feed = Feed(source, MEMORY_SHAPE, "stretch", Cache(Path(there), PLENTY))
        for when in ("first", "later"):
            order_N = epoch_order(count, 0, 0).numpy()
            most = max(process.memory_info().rss for _ in epoch(feed, order_N))
            found[when] = most / 2**20
        feed.close()
    return found


def all_of_it(turns: int, epochs: int, counts: list[int]) -> dict[str, Any]:
    def memory_of(count: int) -> dict[str, float]:
        words = [sys.executable, "-m", "tests.benchmarks.data", "--memory", str(count)]
        ended = subprocess.run(words, stdout=subprocess.PIPE, check=True, text=True)
        return json.loads(ended.stdout)

    return {
        "rates": cats_and_dogs(turns, epochs),
        "cifar": cifar(),
        "waiting": waiting(300),
        "memory": {str(count): memory_of(count) for count in counts},
    }


def add_data(table: Table, found: dict[str, Any]) -> None:
    """Rows of what was wanted and measured, into a table of four columns."""
    rates = found["rates"]
    theirs = statistics.median(rates["ImageFolder"])
    for what, wanted in (("first", "at least 2"), ("later", "at least 10")):
        pairs = zip(rates[what], rates["ImageFolder"], strict=True)
        table.add_row(
            f"150x150, {what} epoch / ImageFolder with 2 workers",
            wanted,
            f"{statistics.median(ours / their for ours, their in pairs):.1f}",
            f"{statistics.median(rates[what]):,.0f} and {theirs:,.0f} pictures/s; medians",
        )
    cifar10 = found["cifar"]
    table.add_row(
        "CIFAR-10's 50,000 decoded and in the cache", "under 60 s", f"{cifar10['first']:.1f} s", ""
    )
    table.add_row(
        "the second time, until a batch is there",
        "under 1 s",
        f"{cifar10['second: first batch']:.2f} s",
        f"all 50,000 taken: {cifar10['second']:.2f} s",
    )
    wait = found["waiting"]
    table.add_row(
        f"share of a step that goes into its batch, {wait['device']}",
        "",
        f"{wait['share']:.1%}",
        f"{wait['milliseconds']:.2f} of {wait['step']:.1f} ms, digits convnet on CIFAR-10",
    )
    for count, held in found["memory"].items():
        table.add_row(
            f"memory at {int(count):,} pictures",
            "bounded",
            f"{max(held['first'], held['later']):,.0f} MiB",
            f"{held['decoded']:,.0f} MiB once decoded; from the cache {held['later']:,.0f} MiB",
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.data", description=__doc__)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=5, help="later epochs a turn")
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--memory", type=int, metavar="COUNT", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    keep_freed_memory()  # as the engine does
    # As in a worker of a DataLoader; else torch's threads and the feed's compete for the cores.
    torch.set_num_threads(1)
    if chosen.memory is not None:
        print(json.dumps(memory(chosen.memory)))
        return
    found = all_of_it(chosen.turns, chosen.epochs, chosen.counts)
    if chosen.json:
        print(json.dumps(found))
        return
    table = Table(title="Reading pictures")
    for title in ("what", "wanted", "measured", "of which"):
        table.add_column(title, overflow="fold")
    add_data(table, found)
    Console(width=max(120, Console().width)).print(table)


if __name__ == "__main__":
    main()
