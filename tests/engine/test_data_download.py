"""Downloading: progress, cancelling, resuming, checksums, and what servers and disks do wrong."""

import errno
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine.data.catalogue import download as downloading
from engine.data.catalogue.download import CHUNK_BYTES, Wanted, download
from engine.errors import DataError
from tests.engine.made_downloads import FileServer

CONTENT = bytes(range(256)) * 1000  # some chunks


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setenv("no_proxy", "*")
    server = FileServer()
    server.files["a.bin"] = CONTENT
    yield server
    server.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "sources" / "some"


class Watch:
    """Keeps the progress, and cancels once `most` bytes are there."""

    def __init__(self, most: float = float("inf")) -> None:
        self.most = most
        self.seen: list[tuple[int, int]] = []

    def on_progress(self, done: int, total: int) -> None:
        self.seen.append((done, total))

    def cancelled(self) -> bool:
        return bool(self.seen) and self.seen[-1][0] >= self.most


def get(files: tuple[Wanted, ...], folder: Path, watch: Watch | None = None) -> bool:
    watch = watch or Watch()
    return download(files, folder, 1_000_000, watch.on_progress, watch.cancelled)


def refused_url() -> str:
    """The address of a port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/a.bin"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_files_come_whole_and_progress_is_that_of_all_of_them(
    server: FileServer, folder: Path
) -> None:
    server.files["b.bin"] = b"more"
    watch = Watch()
    assert get(server.wanted(), folder, watch)
    assert (folder / "a.bin").read_bytes() == CONTENT
    assert (folder / "b.bin").read_bytes() == b"more"
    assert names_in(folder) == ["a.bin", "b.bin"]
    done = [done for done, _ in watch.seen]
    assert done == sorted(done)
    # The estimate stands until the last file has said how large it is.
    assert watch.seen[0] == (0, 1_000_000)
    assert watch.seen[-1] == (len(CONTENT) + 4, len(CONTENT) + 4)
    assert len(watch.seen) >= len(CONTENT) // CHUNK_BYTES


def test_what_is_there_isnt_asked_for_again(server: FileServer, folder: Path) -> None:
    wanted = server.wanted()
    get(wanted, folder)
    watch = Watch()
    assert get(wanted, folder, watch)
    assert server.asked == [("a.bin", None)]
    assert watch.seen == [(len(CONTENT), len(CONTENT))]


def test_a_file_put_there_by_hand_counts_if_it_is_the_right_one(
    server: FileServer, folder: Path
) -> None:
    folder.mkdir(parents=True)
    (folder / "a.bin").write_bytes(CONTENT)
    assert get(server.wanted(), folder)
    assert server.asked == []
    (folder / "a.bin").write_bytes(b"another")
    assert get(server.wanted(), folder)
    assert (folder / "a.bin").read_bytes() == CONTENT


def test_cancelling_keeps_the_part_and_the_next_time_goes_on(
    server: FileServer, folder: Path
) -> None:
    assert not get(server.wanted(), folder, Watch(most=1))
    assert names_in(folder) == ["a.bin.part"]
    came = (folder / "a.bin.part").stat().st_size
    assert 0 < came < len(CONTENT)
    watch = Watch()
    assert get(server.wanted(), folder, watch)
    assert server.asked == [("a.bin", None), ("a.bin", f"bytes={came}-")]
    assert watch.seen[0][0] == came
    assert (folder / "a.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("came", [len(CONTENT), len(CONTENT) + 7])
def test_a_part_that_needs_no_more_is_checked(server: FileServer, folder: Path, came: int) -> None:
    folder.mkdir(parents=True)
    (folder / "a.bin.part").write_bytes((CONTENT + b"surplus")[:came])
    assert get(server.wanted(), folder)
    assert (folder / "a.bin").read_bytes() == CONTENT


def test_a_server_that_ignores_ranges_is_heard_from_the_start(
    server: FileServer, folder: Path
) -> None:
    server.knows_ranges = False
    folder.mkdir(parents=True)
    (folder / "a.bin.part").write_bytes(CONTENT[:1000])
    assert get(server.wanted(), folder)
    assert (folder / "a.bin").read_bytes() == CONTENT


def test_a_server_that_says_no_length_will_do(server: FileServer, folder: Path) -> None:
    server.says_length = False
    assert get(server.wanted(), folder)
    assert (folder / "a.bin").read_bytes() == CONTENT


def test_a_server_that_breaks_off_is_asked_for_the_rest(server: FileServer, folder: Path) -> None:
    server.breaks_off_after = [10_000, 20_000]
    assert get(server.wanted(), folder)
    assert [wanted for _, wanted in server.asked] == [None, "bytes=10000-", "bytes=30000-"]
    assert (folder / "a.bin").read_bytes() == CONTENT


def test_a_server_that_breaks_off_again_and_again_is_given_up(
    server: FileServer, folder: Path
) -> None:
    server.breaks_off_after = [1000, *[0] * 10]
    with pytest.raises(DataError, match=r"127\.0\.0\.1 broke off after 1,000 of 256,000 bytes"):
        get(server.wanted(), folder)
    assert (folder / "a.bin.part").stat().st_size == 1000


def test_a_wrong_checksum_is_said_and_the_file_removed(server: FileServer, folder: Path) -> None:
    wanted = server.wanted()
    server.files["a.bin"] = b"<html>Sign in to the network</html>"
    with pytest.raises(DataError, match=r"a\.bin can't .* has another checksum .* was removed"):
        get(wanted, folder)
    assert names_in(folder) == []


def test_addresses_are_tried_in_turn(server: FileServer, folder: Path) -> None:
    (right,) = server.wanted()
    server.files["wrong"] = b"wrong"
    urls = (refused_url(), server.url("absent"), server.url("wrong"), *right.urls)
    assert get((Wanted("a.bin", urls, right.md5),), folder)
    assert [name for name, _ in server.asked] == ["absent", "wrong", "a.bin"]
    assert (folder / "a.bin").read_bytes() == CONTENT


def test_a_file_that_isnt_there_is_said(server: FileServer, folder: Path) -> None:
    with pytest.raises(DataError, match=r"127\.0\.0\.1 answered 404 Not Found\."):
        get((Wanted("b.bin", (server.url("b.bin"),)),), folder)


def test_without_a_network_it_says_what_to_put_where(folder: Path) -> None:
    urls = refused_url(), refused_url()
    with pytest.raises(DataError) as caught:
        get(tuple(Wanted(f"{n}.bin", (url,)) for n, url in enumerate(urls)), folder)
    assert caught.value.message.startswith("0.bin can't be downloaded: 127.0.0.1 can't be reached")
    for word in (*urls, str(folder)):
        assert word in caught.value.hint


def test_a_server_that_says_nothing_is_given_up(
    server: FileServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloading, "TIMEOUT_SECONDS", 0.05)
    server.never_answers = True
    with pytest.raises(DataError, match=r"127\.0\.0\.1 gives no answer|can't be reached"):
        get(server.wanted(), folder)


@pytest.mark.parametrize("url", ["http://", "nonsense", "data:,x"])
def test_an_address_that_is_none_is_said(folder: Path, url: str) -> None:
    with pytest.raises(DataError, match=r"a\.bin can't be downloaded"):
        get((Wanted("a.bin", (url,)),), folder)


def test_a_folder_that_cant_be_made_is_said(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match=r"can't be written") as caught:
        get(server.wanted(), tmp_path / "file" / "some")
    assert "CONVSCOPE_DATA" in caught.value.hint


def test_too_little_space_is_said_before_anything_comes(
    server: FileServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(".")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(DataError, match=r"The disk of .* is full\."):
        get(server.wanted(), folder)
    assert (folder / "a.bin.part").stat().st_size == 0


def test_a_disk_that_becomes_full_is_said(
    server: FileServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DataError, match=r"The disk of .* is full\."):
        get(server.wanted(), folder)


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=300),
    part=st.binary(max_size=300),
    breaks=st.lists(st.integers(1, 200), max_size=4),
    knows_ranges=st.booleans(),
)
def test_whatever_was_there_the_file_is_right_or_a_sentence_says_not(
    server: FileServer,
    folder: Path,
    content: bytes,
    part: bytes,
    breaks: list[int],
    knows_ranges: bool,
) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "a.bin.part").write_bytes(part)
    server.files["a.bin"], server.breaks_off_after = content, breaks
    server.knows_ranges = knows_ranges
    try:
        assert get(server.wanted(), folder)
    except DataError as error:
        assert "a.bin can't be downloaded" in error.message
        assert not (folder / "a.bin").exists()
    else:
        assert (folder / "a.bin").read_bytes() == content
