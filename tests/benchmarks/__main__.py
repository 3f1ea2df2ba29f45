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


def add_window(table: Table, where: str, found: dict[str, Any]) -> None:
    live, blocked, drop = found["live"], found["blocked"], found["drop"]
    table.add_row(
        f"{where}: all panels live / bare", "at least 0.90", f"{live['ratio']:.3f}", spread(live)
    )
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
        "at most 50 ms",
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
        "under 1 %",
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


def spread(ratio: dict[str, float]) -> str:
    return (
        f"{ratio['lowest']:.3f} to {ratio['highest']:.3f};"
        f" {ratio['ours']:.0f} and {ratio['bare']:.0f} steps/s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer turns, one minute of memory")
    parser.add_argument("--minutes", type=float, help="minutes of live training for the memory")
    parser.add_argument("--no-screen", action="store_true", help="offscreen only")
    chosen = parser.parse_args()
    turns, seconds = (4, 2.0) if chosen.quick else (12, 4.0)
    minutes = chosen.minutes if chosen.minutes is not None else (1.0 if chosen.quick else 10.0)
    offscreen = {"QT_QPA_PLATFORM": "offscreen"}
    numbers = ("--turns", str(turns), "--seconds", str(seconds))

    headless = child("-m", "tests.benchmarks.headless", str(turns), str(seconds))
    table = Table(title="ConvScope against a bare PyTorch loop, digits convnet, batches of 64")
    for title in ("what", "wanted", "measured", "of which"):
        table.add_column(title, overflow="fold")
    table.add_row(
        "headless engine / bare", "at least 0.98", f"{headless['ratio']:.3f}", spread(headless)
    )
    started = startup(offscreen, times=3 if chosen.quick else 7)
    table.add_row("first window", "under 0.7 s", f"{started['window']:.2f} s", "median")
    table.add_row(
        "ready engine, beyond import torch alone",
        "under 2 s",
        f"{started['ready'] - started['torch']:.2f} s",
        f"{started['ready']:.2f} and {started['torch']:.2f} s",
    )
    window = ("-m", "tests.benchmarks.window", *numbers)
    found = child(*window, "--minutes", str(minutes), env=offscreen)
    add_window(table, "offscreen", found)
    if not chosen.no_screen:
        with screen() as env:
            if env is None:
                table.add_row("Xvfb", "", "", "not installed, not measured")
            else:
                add_window(table, "Xvfb", child(*window, env=env))
    cores, memory = psutil.cpu_count(), psutil.virtual_memory().total / 2**30
    console = Console(width=max(120, Console().width))
    console.print(table)
    console.print(
        f"{platform.processor() or platform.machine()}, {cores} cores, {memory:.0f} GiB,"
        f" {headless['device']}, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    main()
