"""`make bench`: every figure of speed in one table. Nothing passes or fails by it."""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from tests.benchmarks import data


def child(*words: str, env: dict[str, str] | None = None) -> Any:
    """Run one of the programs beside this one; the JSON object that it prints last."""
    ended = subprocess.run(
        [sys.executable, *words],
        # Qt's offscreen platform warns at every window that it knows no size hints.
        env={**os.environ, "QT_LOGGING_RULES": "default.warning=false", **(env or {})},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return json.loads(ended.stdout.strip().splitlines()[-1])


@contextmanager
def screen() -> Iterator[dict[str, str] | None]:
    """The environment of a window on a virtual screen; None where Xvfb is missing."""
    if shutil.which("Xvfb") is None:
        yield None
        return
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "1600x1000x24"],
        pass_fds=[write_end],
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    try:
        with os.fdopen(read_end) as answer:
            number = answer.readline().strip()
        yield {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
    finally:
        server.terminate()
        server.wait()


def startup(env: dict[str, str], times: int) -> dict[str, float]:
    """Medians in seconds, import of torch alone and the window's start taking turns."""
    torch_alone, windows, readies = [], [], []
    for _ in range(times + 1):
        began = time.time()
        subprocess.run([sys.executable, "-c", "import torch"], check=True)
        torch_alone.append(time.time() - began)
        found = child("-m", "tests.benchmarks.startup", str(time.time()), env=env)
        windows.append(found["window"])
        readies.append(found["ready"])
    # The first round warms the disk's cache.
    return {
        "torch": statistics.median(torch_alone[1:]),
        "window": statistics.median(windows[1:]),
        "ready": statistics.median(readies[1:]),
    }


Turns = list[list[float]]
"""Of each turn the steps a second: ours, bare, tuned."""


def new_table() -> Table:
    table = Table(title="ConvScope against bare PyTorch loops, digits convnet, batches of 64")
    for title in ("what", "wanted", "measured", "of which"):
        table.add_column(title, overflow="fold")
    return table


def add_rates(table: Table, what: str, wanted: str, processes: list[Turns]) -> None:
    """Medians over the turns of all processes; a process keeps to a level of its own for as long as
    it lives, so that one alone says little."""
    turns = [turn for process in processes for turn in process]
    ours, bare, tuned = (statistics.median(column) for column in zip(*turns, strict=True))
    for against, place, goal, rate in (("bare", 1, "", bare), ("tuned", 2, wanted, tuned)):
        levels = sorted(
            statistics.median(turn[0] / turn[place] for turn in process) for process in processes
        )
        table.add_row(
            f"{what} / {against}",
            goal,
            f"{statistics.median(turn[0] / turn[place] for turn in turns):.3f}",
            f"{ours:.0f} and {rate:.0f} steps/s; processes {levels[0]:.3f} to {levels[-1]:.3f}",
        )


def add_window(table: Table, where: str, found: dict[str, Any], others: list[Turns]) -> None:
    blocked, drop = found["blocked"], found["drop"]
    add_rates(table, f"{where}: all panels live", "at least 0.90", [found["rates"], *others])
    slowest = min(found["frames"], key=found["frames"].get)
    table.add_row(
        f"{where}: new frames a second, slowest tap",
        "at least 15",
        f"{found['frames'][slowest]:.1f}",
        f"{slowest}; {len(found['frames'])} live",
    )
    table.add_row(f"{where}: looking says it costs", "", f"{found['share']:.1%}", "")
    table.add_row(
        f"{where}: event loop blocked, 99.9th percentile",
        "under 15 ms",
        f"{blocked['p99.9']:.1f} ms",
        f"largest {blocked['largest']:.1f} ms of {blocked['beats']:,} beats",
    )
    table.add_row(
        f"{where}: drop to prediction painted",
        "under 100 ms",
        f"{drop['median']:.0f} ms",
        f"median; largest {drop['largest']:.0f} ms",
    )
    hidden = found["hidden"]
    table.add_row(
        f"{where}: all panels hidden, time of the GUI thread",
        "under 0.5 %",
        f"{hidden['gui share']:.2%}",
        f"{hidden['frames']} captures",
    )
    if "memory" in found:
        held = found["memory"]["MiB"]
        table.add_row(
            f"{where}: memory after {found['memory']['minutes']:g} minutes of live training",
            "flat",
            f"{held[-1] - held[0]:+.0f} MiB",
            " ".join(f"{each:.0f}" for each in held) + " MiB",
        )


def add_captures(table: Table, found: dict[str, float]) -> None:
    """What a capture of all panels costs, in passes of the probe; processor time of one thread."""
    table.add_row(
        "capture of all panels / pass of the probe",
        "at most 6",
        f"{found['passes']:.1f}",
        f"three in four without predictions {found['passes of maps']:.1f}, one with them"
        f" {found['passes at most']:.1f}; a pass takes {found['pass']:.2f} ms",
    )
    table.add_row(
        "64 maps of 26x26 and of 112x112, beyond their pass",
        "",
        f"{found['64x26x26']:.2f}, {found['64x112x112']:.2f} ms",
        "",
    )


def add_price(table: Table, what: str, found: dict[str, Any]) -> None:
    """The steps that are lost while panels are shown, beside what looking is said to cost."""
    table.add_row(
        f"{what}: steps lost where looking is said to cost",
        "within 3 points",
        f"{found['lost']:.1%}, {found['said']:.1%}",
        f"{found['hidden']:.0f} steps/s while hidden",
    )


def add_prices(table: Table, env: dict[str, str], quick: bool) -> None:
    """Of captures as they are, and of captures that take a second."""
    price = ("-m", "tests.benchmarks.price")
    turns, slow_turns = ("4", "1") if quick else ("12", "3")
    add_price(table, "offscreen", child(*price, "--turns", turns, env=env))
    slow = ("--slow", "1", "--turns", slow_turns, "--seconds", "50")
    add_price(table, "offscreen, captures of 1 s", child(*price, *slow, env=env))


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer turns, one minute of memory")
    parser.add_argument("--minutes", type=float, help="minutes of live training for the memory")
    parser.add_argument("--only", choices=["captures", "price"], help="these rows alone")
    parser.add_argument("--no-screen", action="store_true", help="offscreen only")
    chosen = parser.parse_args()
    turns, seconds, processes = (2, 2.0, 2) if chosen.quick else (3, 2.5, 5)
    minutes = chosen.minutes if chosen.minutes is not None else (1.0 if chosen.quick else 10.0)
    offscreen = {"QT_QPA_PLATFORM": "offscreen"}
    numbers = ("--turns", str(turns), "--seconds", str(seconds))

    if chosen.only:
        table = new_table()
        if chosen.only == "captures":
            add_captures(table, child("-m", "tests.benchmarks.captures"))
        else:
            add_prices(table, offscreen, quick=chosen.quick)
        Console(width=max(120, Console().width)).print(table)
        return
    headless = [
        child("-m", "tests.benchmarks.headless", str(turns), str(seconds)) for _ in range(processes)
    ]
    table = new_table()
    add_rates(table, "headless engine", "at least 0.97", [each["rates"] for each in headless])
    started = startup(offscreen, times=3 if chosen.quick else 7)
    table.add_row("first window", "under 0.7 s", f"{started['window']:.2f} s", "median")
    table.add_row(
        "ready engine, beyond import torch alone",
        "under 2 s",
        f"{started['ready'] - started['torch']:.2f} s",
        f"{started['ready']:.2f} and {started['torch']:.2f} s",
    )
    window = ("-m", "tests.benchmarks.window", *numbers)

    def live_rates(env: dict[str, str], *words: str) -> list[Turns]:
        found = (child(*window, "--rates-only", *words, env=env) for _ in range(processes - 1))
        return [each["rates"] for each in found]

    found = child(*window, "--minutes", str(minutes), env=offscreen)
    add_window(table, "offscreen", found, live_rates(offscreen))
    apart = ("--engine", "process")
    found = child(*window, *apart, env=offscreen)
    add_window(table, "offscreen, engine apart", found, live_rates(offscreen, *apart))
    add_captures(table, child("-m", "tests.benchmarks.captures"))
    add_prices(table, offscreen, chosen.quick)
    if not chosen.no_screen:
        with screen() as env:
            if env is None:
                table.add_row("Xvfb", "", "", "not installed, not measured")
            else:
                add_window(table, "Xvfb", child(*window, env=env), live_rates(env))
    if data.CATS_AND_DOGS.exists():
        data.add_data(
            table,
            child(
                "-m",
                "tests.benchmarks.data",
                "--json",
                *(("--turns", "2", "--counts", "10000") if chosen.quick else ()),
            ),
        )
    else:
        table.add_row("reading pictures", "", "", f"not measured: {data.PICTURES} is not there")
    cores, memory = psutil.cpu_count(), psutil.virtual_memory().total / 2**30
    console = Console(width=max(120, Console().width))
    console.print(table)
    console.print(
        f"{platform.processor() or platform.machine()}, {cores} cores, {memory:.0f} GiB,"
        f" {headless[0]['device']}, Python {platform.python_version()}\n"
        "bare: a loop as one writes it by hand; tuned: the same with the engine's two settings,"
        " channels-last weights and a fused optimiser; apart: the engine in a process of its own."
    )


if __name__ == "__main__":
    main()
