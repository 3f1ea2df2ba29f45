"""`fetch`, as a person or another program calls it."""

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import platformdirs.windows
import pytest

import main as command_line
from engine.data.catalogue import catalogue
from engine.data.catalogue import files as catalogue_files
from engine.data.catalogue.download import Wanted
from engine.headless import fetch as fetching
from tests.engine.made_downloads import FileServer, mnist

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line in this process: (exit code, stdout, stderr)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = command_line.main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FileServer]:
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path / "pictures"))
    monkeypatch.setenv("no_proxy", "*")
    server = FileServer()
    server.files = mnist()
    monkeypatch.setattr(catalogue_files, "files_of", lambda name: server.wanted())
    yield server
    server.close()


def lines_of(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_without_a_name_it_lists_what_there_is(run: Run, server: FileServer) -> None:
    code, stdout, stderr = run("fetch")
    assert (code, stderr) == (0, "")
    rows = {line.split()[0]: line for line in stdout.splitlines()}
    assert set(catalogue.names()) <= set(rows)
    for word in ("70,000", "28×28", "12", "CC BY-SA 3.0"):
        assert word in rows["mnist"]
    assert "yes" not in stdout
    run("fetch", "mnist")
    stdout = run("fetch")[1]
    assert [line.split()[0] for line in stdout.splitlines() if "yes" in line] == ["mnist"]
    assert server.asked


def test_the_list_for_programs(run: Run) -> None:
    code, stdout, stderr = run("fetch", "--json")
    assert (code, stderr) == (0, "")
    entries = lines_of(stdout)
    assert [entry["name"] for entry in entries] == list(catalogue.names())
    assert entries[0] == {
        "event": "entry",
        "name": "mnist",
        "title": "MNIST",
        "pictures": 70000,
        "classes": 10,
        "size_HW": [28, 28],
        "megabytes": 12,
        "licence": "CC BY-SA 3.0",
        "page": "http://yann.lecun.com/exdb/mnist/",
        "is_here": False,
    }


def test_it_says_size_and_licence_and_what_to_do_next(run: Run, server: FileServer) -> None:
    code, stdout, stderr = run("fetch", "mnist")
    assert (code, stderr) == (0, "")
    size, licence, place, next_command = stdout.splitlines()
    assert size == "MNIST: 70,000 pictures in 10 classes, 12 MB to download."
    assert licence == "Licence: CC BY-SA 3.0. http://yann.lecun.com/exdb/mnist/"
    assert place == f"30 pictures of 10 classes are in {catalogue.folder_of('mnist')}."
    assert next_command == "Train on them with: python main.py train --data mnist"


def test_it_tells_programs_how_far_it_is(run: Run, server: FileServer) -> None:
    code, stdout, stderr = run("fetch", "mnist", "--json")
    assert (code, stderr) == (0, "")
    entry, *progress, finished = lines_of(stdout)
    assert entry["event"] == "entry"
    assert {line["event"] for line in progress} == {"progress"}
    size = sum(len(content) for content in server.files.values())
    assert progress[-1] == {"event": "progress", "done": size, "total": size}
    assert finished == {
        "event": "finished",
        "name": "mnist",
        "pictures": 30,
        "classes": 10,
        "problems": 0,
        "folder": str(catalogue.folder_of("mnist")),
    }


def test_what_isnt_listed_is_a_sentence(run: Run) -> None:
    code, stdout, stderr = run("fetch", "cats")
    assert (code, stdout) == (2, "")
    assert stderr.startswith("convscope: The catalogue has no 'cats'. Choose one of: mnist,")


def test_without_a_network_a_sentence_says_what_to_put_where(
    run: Run, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://127.0.0.1:1/cifar-10-python.tar.gz"
    wanted = Wanted("cifar-10-python.tar.gz", (url,), "0" * 32)
    monkeypatch.setattr(catalogue_files, "files_of", lambda name: (wanted,))
    code, stdout, stderr = run("fetch", "cifar10", "--json")
    assert code == 2
    assert "can't be reached" in stderr
    assert f"download by hand into {catalogue.folder_of('cifar10')}: {url}" in stderr
    assert stderr.count("\n") == 1
    assert lines_of(stdout)[-1] == {
        "event": "error",
        "message": stderr.removeprefix("convscope: ").strip(),
    }


def test_ctrl_c_keeps_what_came_and_the_same_command_goes_on(
    run: Run, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed(fields: dict[str, object]) -> None:
        if fields["event"] == "progress":
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(fetching, "print_json", pressed)
    code, _, stderr = run("fetch", "mnist", "--json")
    assert code == 130
    assert stderr == (
        "convscope: Interrupted. What came is kept: the same command goes on from there.\n"
    )
    assert not catalogue.is_here("mnist")


def test_after_ctrl_c_the_rest_comes(
    run: Run, server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("engine.data.catalogue.download.CHUNK_BYTES", 100)
        seen: list[int] = []

        def interrupt(done: int, total: int) -> None:
            seen.append(done)
            if done > 1000:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            catalogue.fetch("mnist", interrupt, lambda: False)
    assert run("fetch", "mnist")[0] == 0
    assert server.asked[1] == ("train-images-idx3-ubyte.gz", f"bytes={seen[-1]}-")


def test_help_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        command_line.main(["fetch", "--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for word in ("NAME", "--json", "CONVSCOPE_DATA", "progress", "python main.py fetch cifar10"):
        assert word in text


def test_on_windows_the_folder_is_no_folder_in_a_folder_of_the_same_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CONVSCOPE_DATA")
    monkeypatch.setattr(platformdirs, "PlatformDirs", platformdirs.windows.Windows)
    monkeypatch.setattr("platformdirs.windows.get_win_folder", lambda name: str(tmp_path))
    assert catalogue.folder_of("mnist") == tmp_path / "convscope" / "sources" / "mnist"
    older = tmp_path / "convscope" / "convscope" / "sources" / "cifar10"
    older.mkdir(parents=True)  # what was fetched before is still found
    assert catalogue.folder_of("mnist") == older.with_name("mnist")
