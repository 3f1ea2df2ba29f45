"""Files over HTTP: with progress, cancelled at any chunk, resumed, checked. No torch.

Runs in the thread that calls it; nothing waits longer for a server than TIMEOUT_SECONDS.
"""

import errno
import hashlib
import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, build_opener

from msgspec import Struct

from engine.errors import DataError
from engine.files import open_file
from engine.program import NAME

TIMEOUT_SECONDS = 15.0
CHUNK_BYTES = 1 << 16
TRIES = 5
"""How often a server is asked again that gave some bytes and broke off."""

_PARTIAL_CONTENT = 206
_RANGE_NOT_SATISFIABLE = 416
_ELSEWHERE = "Free some space, or name another folder with the environment variable CONVSCOPE_DATA."


class Wanted(Struct, frozen=True):
    """A file to download: its name in the folder, where it is to be had, its MD5 where known."""

    name: str
    urls: tuple[str, ...]
    md5: str | None = None


class _ServerError(Exception):
    """A server didn't give a file; a part of a sentence that begins with the server."""


def download(
    files: Sequence[Wanted],
    folder: Path,
    estimate: int,
    on_progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> bool:
    """Get those of `files` that aren't in `folder` yet; whether all are there now.

    `on_progress` gets the bytes that are there and how many there will be, of all files; until the
    last one says how large it is, `estimate` counts. When `cancelled` it ends within a chunk and
    gives False; what came stays as NAME.part, and the next call goes on from there. A file gets
    its name only when it is whole and its checksum is right. The addresses of a file are tried in
    turn. DataError says in a sentence what went wrong, and what to put where by hand.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    before = 0
    for file in files:
        received = 0
        if cancelled():
            return False
        try:
            with closing(_get(file, folder)) as steps:
                for received, size in steps:
                    total = before + max(size, received)
                    is_last = file is files[-1]
                    on_progress(before + received, total if is_last else max(total, estimate))
                    if cancelled():
                        return False
        except _ServerError as error:
            raise DataError(
                f"{file.name} can't be downloaded: {error}.", _by_hand(files, folder)
            ) from error
        before += received
    return True


def is_right(path: Path, md5: str | None) -> bool:
    """Whether a file is there and has that checksum; OSError when it can't be read."""
    if not path.is_file():
        return False
    if md5 is None:
        return True
    with open_file(path) as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    return found.hexdigest() == md5


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turns OSError, as of a full disk or a folder that is somebody else's, into DataError."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # not the disk's: some modules say so of a damaged file
            raise
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DataError(f"The disk of {folder} is full.", _ELSEWHERE) from error
        raise DataError(f"{folder} can't be written: {error.strerror}.", _ELSEWHERE) from error


def _by_hand(files: Sequence[Wanted], folder: Path) -> str:
    missing = ", ".join(f.urls[0] for f in files if not (folder / f.name).is_file())
    return (
        "Check the network and try again, which goes on from here; or download by hand into "
        f"{folder}: {missing}"
    )


def _get(file: Wanted, folder: Path) -> Generator[tuple[int, int], None, None]:
    """Get one file from the first address that gives it: the bytes that are there, and its size or
    0, after each chunk. _ServerError where none does."""
    target, part = folder / file.name, folder / f"{file.name}.part"
    with writing(folder):
        if is_right(target, file.md5):
            size = target.stat().st_size
            yield size, size
            return
    failed: _ServerError | None = None
    for url in file.urls:
        try:
            yield from _ask(url, part)
        except _ServerError as error:
            failed = error
            continue
        with writing(folder):
            if is_right(part, file.md5):
                part.replace(target)
                return
            part.unlink()
        failed = _ServerError(
            f"what {_host(url)} sent has another checksum than it should and was removed"
        )
    if failed is not None:
        raise failed


def _ask(url: str, part: Path) -> Generator[tuple[int, int], None, None]:
    """Ask one address, and again where it broke off, until all of the file is in `part`."""
    for tried in range(TRIES):
        before = _size(part)
        try:
            yield from _append(url, part)
        except _ServerError:
            if _size(part) <= before or tried == TRIES - 1:
                raise
        else:
            return


def _append(url: str, part: Path) -> Generator[tuple[int, int], None, None]:
    """Get the rest of a file, or all of it where the server sends no rest."""
    there = _size(part)
    response = _open(url, there)
    if response is None:  # there is no rest
        yield there, there
        return
    with response:
        if response.status != _PARTIAL_CONTENT:
            there = 0
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {there}-"):
            raise _ServerError(f"{_host(url)} sent another part than it was asked for")
        size = 0 if response.length is None else there + response.length
        with writing(part.parent), part.open("ab" if there else "wb") as file:
            if size and shutil.disk_usage(part.parent).free < size - there:
                raise OSError(errno.ENOSPC, "too little space")
            yield there, size
            while chunk := _read(response, url):
                file.write(chunk)
                there += len(chunk)
                yield there, size
    if there < size:
        raise _ServerError(f"{_host(url)} broke off after {there:,} of {size:,} bytes")


def _open(url: str, there: int) -> HTTPResponse | None:
    """The answer to a request for all but the first bytes; None where there are no more."""
    headers = {"User-Agent": NAME}
    if there:
        headers["Range"] = f"bytes={there}-"
    try:
        response = build_opener().open(Request(url, headers=headers), timeout=TIMEOUT_SECONDS)
    except HTTPError as error:
        with error:
            whole = error.headers.get("Content-Range") == f"bytes */{there}"
        if error.code != _RANGE_NOT_SATISFIABLE:
            raise _ServerError(f"{_host(url)} answered {error.code} {error.reason}") from error
        return None if whole else _open(url, 0)
    except URLError as error:
        raise _ServerError(f"{_host(url)} can't be reached ({_words(error.reason)})") from error
    except (OSError, HTTPException, ValueError) as error:
        raise _ServerError(f"{_host(url)} gives no answer ({_words(error)})") from error
    if not isinstance(response, HTTPResponse):
        response.close()
        raise _ServerError(f"{url} is no address of the web")
    return response


def _read(response: HTTPResponse, url: str) -> bytes:
    """What has come, as soon as something has; nothing at the end."""
    try:
        return response.read1(CHUNK_BYTES)
    except (OSError, HTTPException) as error:
        raise _ServerError(f"{_host(url)} broke off ({_words(error)})") from error


def _size(path: Path) -> int:
    with writing(path.parent):
        return path.stat().st_size if path.exists() else 0


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _words(reason: object) -> str:
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return str(reason) or type(reason).__name__
