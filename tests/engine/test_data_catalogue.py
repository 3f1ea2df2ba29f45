"""The catalogue: what is said of each source, and that it is read as torchvision reads it."""

import hashlib
import importlib
import io
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from engine.data.catalogue import catalogue, listing
from engine.data.catalogue import files as catalogue_files
from engine.data.catalogue.download import Wanted
from engine.data.catalogue.prepared import members
from engine.data.source import Source
from engine.errors import DataError, PictureError
from tests.engine.made_downloads import MADE, FileServer, jpeg, tar, zipped

# A picture of a source: its subset or None, its class, its name for a person, its bytes as RGB.
Picture = tuple[int | None, int, bytes]


def never() -> bool:
    return False


def ignore(done: int, total: int) -> None:
    pass


@pytest.fixture(autouse=True)
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path / "pictures"))
    return tmp_path / "pictures"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """What `catalogue.fetch` is served from."""
    monkeypatch.setenv("no_proxy", "*")
    server = FileServer()
    monkeypatch.setattr(catalogue_files, "files_of", lambda name: server.wanted())
    yield server
    server.close()


def put(name: str, monkeypatch: pytest.MonkeyPatch, **changed: bytes) -> Path:
    """Put the files of an entry into its folder, as a person does without a network."""
    folder = catalogue.folder_of(name)
    folder.mkdir(parents=True, exist_ok=True)
    files = {**MADE[name](), **changed}
    for file, content in files.items():
        (folder / file).write_bytes(content)
    wanted = tuple(
        Wanted(file, ("http://localhost/",), hashlib.md5(content).hexdigest())
        for file, content in files.items()
    )
    monkeypatch.setattr(catalogue_files, "files_of", lambda name: wanted)
    return folder


def pictures_of(source: Source) -> list[Picture]:
    def rgb(index: int) -> bytes:
        if source.files is not None:
            picture = Image.open(io.BytesIO(source.files.read(index)))
            return picture.convert("RGB").tobytes()
        assert source.pictures_NCHW is not None
        picture_CHW = source.pictures_NCHW[index]
        rgb_CHW = np.broadcast_to(picture_CHW, (3, *picture_CHW.shape[1:]))
        return rgb_CHW.transpose(1, 2, 0).tobytes()

    return [
        (
            None if source.subset_N is None else int(source.subset_N[index]),
            int(source.labels_N[index]),
            rgb(index),
        )
        for index in range(len(source))
    ]


# What is said before anything is downloaded


def test_every_entry_says_what_a_person_asks_before() -> None:
    entries = catalogue.entries()
    assert tuple(entry.name for entry in entries) == catalogue.names()
    assert len(set(catalogue.names())) == len(entries) >= 13
    for entry in entries:
        assert re.fullmatch(r"[a-z0-9-]+", entry.name)
        assert entry.title
        assert entry.licence
        assert entry.page.startswith("http")
        assert entry.pictures > entry.classes > 1
        assert entry.megabytes > 0
        assert not entry.is_here


def test_the_installed_torchvision_has_those_files() -> None:
    for entry in listing.ENTRIES:
        files = catalogue_files.files_of(entry.folder or entry.name)
        assert tuple(file.name for file in files) == entry.files
        for file in files:
            assert file.md5 is None or re.fullmatch(r"[0-9a-f]{32}", file.md5)
            assert file.urls
            assert all(re.match(r"https?://", url) for url in file.urls)
            assert all(url.endswith(file.name) for url in file.urls)


@pytest.mark.parametrize(("name", "kind"), [("eurosat", "EuroSAT"), ("gtsrb", "GTSRB")])
def test_what_is_written_down_is_what_torchvision_would_fetch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    module = importlib.import_module(f"torchvision.datasets.{name}")
    fetched: list[tuple[str, str]] = []

    def note(url: str, download_root: object, md5: str) -> None:
        fetched.append((url, md5))

    monkeypatch.setattr(module, "download_and_extract_archive", note)
    for split in ("train", "test") if name == "gtsrb" else ("",):
        dataset = object.__new__(getattr(module, kind))
        dataset._check_exists = lambda: False
        dataset._base_folder, dataset._split = tmp_path, split
        dataset.download()
    wanted = catalogue_files.files_of(name)
    assert [(file.urls[0], file.md5) for file in wanted] == fetched


def test_another_torchvision_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision import datasets

    monkeypatch.delattr(datasets.Food101, "_MD5")
    with pytest.raises(DataError, match=r"torchvision doesn't say where food101 is to be had"):
        catalogue_files.files_of("food101")


def test_the_list_loads_no_torch() -> None:
    code = (
        "import sys; from engine.data.catalogue import catalogue; catalogue.entries();"
        "import engine.headless.fetch, engine.data.catalogue.readers;"
        "print(sorted({'torch', 'torchvision', 'scipy', 'PySide6'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_folder_is_in_the_users_data_or_where_the_variable_says(
    parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert catalogue.folder_of("mnist") == parent / "sources" / "mnist"
    assert catalogue.folder_of("pets-cats-dogs") == catalogue.folder_of("pets")
    monkeypatch.delenv("CONVSCOPE_DATA")
    assert catalogue.folder_of("mnist").parts[-3:] == ("convscope", "sources", "mnist")


def test_what_isnt_here_says_how_to_get_it() -> None:
    with pytest.raises(DataError) as caught:
        catalogue.open_entry("cifar10")
    assert str(caught.value) == (
        "CIFAR-10 isn't on this machine. Fetch it with `python main.py fetch cifar10`, or on the "
        "Data page (170 MB)."
    )


def test_a_name_that_isnt_listed_is_refused() -> None:
    for ask in (catalogue.open_entry, catalogue.is_here, catalogue.folder_of):
        with pytest.raises(DataError, match=r"The catalogue has no 'cats'\. Choose one of: mnist"):
            ask("cats")
    with pytest.raises(DataError, match="no 'cats'"):
        catalogue.fetch("cats", ignore, never)


# Read as torchvision reads it

DATASETS = {
    # The class, and the arguments that give each subset.
    "mnist": ("MNIST", {0: {"train": True}, 2: {"train": False}}),
    "fashion-mnist": ("FashionMNIST", {0: {"train": True}, 2: {"train": False}}),
    "kmnist": ("KMNIST", {0: {"train": True}, 2: {"train": False}}),
    "cifar10": ("CIFAR10", {0: {"train": True}, 2: {"train": False}}),
    "cifar100": ("CIFAR100", {0: {"train": True}, 2: {"train": False}}),
    "svhn": ("SVHN", {0: {"split": "train"}, 2: {"split": "test"}}),
    "stl10": ("STL10", {0: {"split": "train"}, 2: {"split": "test"}}),
    "pets": ("OxfordIIITPet", {0: {"split": "trainval"}, 2: {"split": "test"}}),
    "pets-cats-dogs": (
        "OxfordIIITPet",
        {
            0: {"split": "trainval", "target_types": "binary-category"},
            2: {"split": "test", "target_types": "binary-category"},
        },
    ),
    "flowers102": (
        "Flowers102",
        {0: {"split": "train"}, 1: {"split": "val"}, 2: {"split": "test"}},
    ),
    "imagenette": (
        "Imagenette",
        {0: {"split": "train", "size": "160px"}, 1: {"split": "val", "size": "160px"}},
    ),
    "eurosat": ("EuroSAT", {None: {}}),
    "gtsrb": ("GTSRB", {0: {"split": "train"}, 2: {"split": "test"}}),
    "food101": ("Food101", {0: {"split": "train"}, 2: {"split": "test"}}),
    "dtd": ("DTD", {0: {"split": "train"}, 1: {"split": "val"}, 2: {"split": "test"}}),
    "fgvc-aircraft": (
        "FGVCAircraft",
        {0: {"split": "train"}, 1: {"split": "val"}, 2: {"split": "test"}},
    ),
}


def as_torchvision_reads(name: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> list[Picture]:
    """torchvision downloads, unpacks and reads the made files itself."""
    from torchvision import datasets

    def download(url: str, root: Any, filename: str = "", md5: str = "") -> None:
        filename = str(filename or url.rpartition("/")[2])
        Path(root).mkdir(parents=True, exist_ok=True)
        (Path(root) / filename).write_bytes(MADE[name]()[filename])

    for module in ("utils", "svhn", "flowers102"):
        monkeypatch.setattr(f"torchvision.datasets.{module}.download_url", download)
    for module in ("cifar", "svhn", "stl10", "flowers102"):
        check = f"torchvision.datasets.{module}.check_integrity"
        monkeypatch.setattr(check, lambda path, md5=None: Path(path).exists())
    kind, arguments_of = DATASETS[name]
    return [
        (subset, int(label), picture.convert("RGB").tobytes())
        for subset, arguments in arguments_of.items()
        for picture, label in getattr(datasets, kind)(root, download=True, **arguments)
    ]


@pytest.mark.parametrize("name", DATASETS)
def test_it_is_read_as_torchvision_reads_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = as_torchvision_reads(name, tmp_path / "theirs", monkeypatch)
    put(name, monkeypatch)
    source = catalogue.open_entry(name)
    assert sorted(pictures_of(source), key=str) == sorted(expected, key=str)
    assert len(set(source.names)) == len(source.names) == len(source) == len(expected)
    assert source.labels_N.dtype == np.int64
    assert (source.files is None) != (source.pictures_NCHW is None)


def test_arrays_keep_the_order_in_which_they_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = as_torchvision_reads("cifar10", tmp_path / "theirs", monkeypatch)
    put("cifar10", monkeypatch)
    assert pictures_of(catalogue.open_entry("cifar10")) == expected


@pytest.mark.parametrize("name", DATASETS)
def test_classes_are_readable_and_the_usual_counts_fit(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(name, monkeypatch)
    source = catalogue.open_entry(name)
    assert source.where == name
    assert source.labels_N.max() < len(source.classes) == len(set(source.classes))
    assert all(re.match(r"[\w]", label) and "_" not in label for label in source.classes)
    assert source.usual.train == "rest"
    assert (source.usual.test > 0) == (source.subset_N is None)


def test_class_names_are_those_of_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    def classes(name: str) -> tuple[str, ...]:
        put(name, monkeypatch)
        return catalogue.open_entry(name).classes

    assert classes("mnist") == tuple("0123456789")
    assert classes("fashion-mnist")[9] == "Ankle boot"
    assert classes("cifar10")[3] == "class 3"
    assert classes("pets") == ("Abyssinian", "American Bulldog")
    assert classes("pets-cats-dogs") == ("cat", "dog")
    assert classes("imagenette") == ("tench", "parachute")
    assert classes("eurosat") == ("annual crop", "forest", "sea lake")
    assert classes("gtsrb")[14] == "stop"
    assert len(classes("gtsrb")) == 43
    assert classes("food101") == ("apple pie", "pho")
    assert classes("fgvc-aircraft") == ("707-320", "F/A-18")


def test_no_file_of_an_archive_is_left_unsaid(monkeypatch: pytest.MonkeyPatch) -> None:
    files = MADE["pets"]()
    lists = {
        "annotations/trainval.txt": b"Abyssinian_1 1 1 1\nAbyssinian_404 1 1 1\n",
        "annotations/test.txt": b"american_bulldog_1 2 2 1\n",
    }
    put("pets", monkeypatch, **{**files, "annotations.tar.gz": tar(lists)})
    source = catalogue.open_entry("pets")
    assert source.names == ("images/Abyssinian_1.jpg", "images/american_bulldog_1.jpg")
    problems = {problem.name: problem.sentence for problem in source.problems}
    assert problems == {
        "images/Abyssinian_2.jpg": "No list of its source says what it is.",
        "images/american_bulldog_20.jpg": "No list of its source says what it is.",
        "images/nobody_1.jpg": "No list of its source says what it is.",
        "images/Abyssinian_404.jpg": "It is on the list of its source, but not in the archive.",
    }


# Fetching


@pytest.mark.parametrize("name", DATASETS)
def test_fetching_makes_it_ready(name: str, server: FileServer) -> None:
    server.files = MADE[name]()
    size = sum(len(content) for content in server.files.values())
    seen: list[tuple[int, int]] = []
    catalogue.fetch(name, lambda done, total: seen.append((done, total)), never)
    assert seen[-1] == (size, size)
    assert catalogue.is_here(name)
    assert name in [entry.name for entry in catalogue.entries() if entry.is_here]
    assert len(catalogue.open_entry(name)) > 0
    asked = len(server.asked)
    catalogue.fetch(name, ignore, never)
    assert len(server.asked) == asked


def test_the_addresses_and_checksums_are_torchvisions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from torchvision import datasets

    server = FileServer()
    try:
        monkeypatch.setenv("no_proxy", "*")
        server.files = MADE["mnist"]()
        sums = [(name, hashlib.md5(file).hexdigest()) for name, file in server.files.items()]
        monkeypatch.setattr(datasets.MNIST, "mirrors", [server.url("gone/"), server.url("")])
        monkeypatch.setattr(datasets.MNIST, "resources", sums)
        catalogue.fetch("mnist", ignore, never)
    finally:
        server.close()
    assert len(catalogue.open_entry("mnist")) == 30


def test_cancelled_and_fetched_again(server: FileServer) -> None:
    server.files = MADE["mnist"]()
    seen: list[int] = []
    catalogue.fetch("mnist", lambda done, total: seen.append(done), lambda: len(seen) > 3)
    assert not catalogue.is_here("mnist")
    with pytest.raises(DataError, match="isn't on this machine"):
        catalogue.open_entry("mnist")
    catalogue.fetch("mnist", ignore, never)
    assert catalogue.is_here("mnist")


def test_cancelled_while_it_is_made_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put("eurosat", monkeypatch)
    with pytest.raises(DataError, match=r"EuroSAT wasn't opened: it was cancelled\."):
        catalogue.open_entry("eurosat", lambda: True)
    assert [path.name for path in folder.iterdir()] == ["EuroSAT.zip"]
    assert len(catalogue.open_entry("eurosat")) == 6


def test_cats_and_dogs_need_no_second_download(server: FileServer) -> None:
    server.files = MADE["pets"]()
    catalogue.fetch("pets", ignore, never)
    assert catalogue.is_here("pets-cats-dogs")
    pets, species = catalogue.open_entry("pets"), catalogue.open_entry("pets-cats-dogs")
    assert species.names == pets.names
    assert species.fingerprint != pets.fingerprint


# What was made ready


def test_the_second_time_opens_what_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put("cifar10", monkeypatch)
    first = catalogue.open_entry("cifar10")
    (folder / "cifar-10-python.tar.gz").unlink()
    second = catalogue.open_entry("cifar10")
    assert catalogue.is_here("cifar10")
    assert second.fingerprint == first.fingerprint
    assert first.pictures_NCHW is not None
    assert second.pictures_NCHW is not None
    np.testing.assert_array_equal(first.pictures_NCHW, second.pictures_NCHW)


def test_writing_into_the_pictures_changes_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    put("cifar10", monkeypatch)
    source = catalogue.open_entry("cifar10")
    assert source.pictures_NCHW is not None
    before = source.pictures_NCHW.copy()
    source.pictures_NCHW[:] = 0
    again = catalogue.open_entry("cifar10").pictures_NCHW
    assert again is not None
    np.testing.assert_array_equal(again, before)


@pytest.mark.parametrize("name", ["cifar10", "eurosat"])
@pytest.mark.parametrize("damage", ["cut", "emptied", "gone"])
def test_what_is_damaged_is_made_again(
    name: str, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = put(name, monkeypatch)
    expected = pictures_of(catalogue.open_entry(name))
    for file in (folder / "prepared-1").iterdir():
        content = file.read_bytes()
        if damage == "gone":
            file.unlink()
        else:
            file.write_bytes(content[:-1] if damage == "cut" else b"")
        assert pictures_of(catalogue.open_entry(name)) == expected


def test_the_fingerprint_is_another_where_a_picture_or_a_label_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pictures = {"2750/A/1.jpg": jpeg(1), "2750/B/2.jpg": jpeg(2)}
    changed = {"2750/A/1.jpg": jpeg(3), "2750/B/2.jpg": jpeg(2)}
    moved = {"2750/B/1.jpg": jpeg(1), "2750/B/2.jpg": jpeg(2), "2750/A/3.jpg": jpeg(3)}
    prints = []
    for files in (pictures, changed, moved, pictures):
        folder = put("eurosat", monkeypatch, **{"EuroSAT.zip": zipped(files)})
        prints.append(catalogue.open_entry("eurosat").fingerprint)
        shutil.rmtree(folder)
    assert prints[0] == prints[3]
    assert len(set(prints)) == 3
    assert all(int(text, 16) for text in prints)


def test_a_file_is_where_its_place_says(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put("gtsrb", monkeypatch)
    source = catalogue.open_entry("gtsrb")
    assert source.files is not None
    index = source.names.index("GTSRB/Final_Test/Images/00001.ppm")
    archive = folder / "GTSRB_Final_Test_Images.zip"
    assert source.files.place(index) == f"{archive}: GTSRB/Final_Test/Images/00001.ppm"
    assert source.files.size(index) == len(source.files.read(index))
    assert source.files.read(index) == jpeg(4, "PPM")


def test_pictures_that_have_gone_raise_what_a_reader_expects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = put("eurosat", monkeypatch)
    files = catalogue.open_entry("eurosat").files
    assert files is not None
    pack = folder / "prepared-1" / "pictures.bin"
    pack.write_bytes(pack.read_bytes()[:-1])
    with pytest.raises(PictureError, match="has become shorter"):
        [files.read(index) for index in range(6)]
    pack.unlink()
    with pytest.raises(OSError, match=r"pictures\.bin"):
        files.read(0)


# Damaged and hostile files

# A damaged .mat isn't among them: it can crash scipy, and its checksum keeps it from getting there.
SPOILABLE = {
    name: sorted(file for file in MADE[name]() if not file.endswith(".mat"))
    for name in DATASETS
    if name not in ("pets-cats-dogs", "svhn")
}


@pytest.mark.parametrize("name", DATASETS)
def test_a_file_with_another_checksum_is_refused_before_it_is_read(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = put(name, monkeypatch)
    for file in MADE[name]():
        whole = (folder / file).read_bytes()
        (folder / file).write_bytes(whole[:-1])
        with pytest.raises(DataError, match=rf"{file} is missing, or damaged: its checksum is wr"):
            catalogue.open_entry(name)
        (folder / file).write_bytes(whole)


@pytest.mark.parametrize("name", SPOILABLE)
@pytest.mark.parametrize("kind", ["empty", "text", "cut"])
def test_damaged_files_are_a_sentence_even_with_the_right_checksum(
    name: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = MADE[name]()
    spoil = {"empty": lambda file: b"", "text": lambda file: b"<html>" * 99}
    cut = spoil.get(kind, lambda file: file[: len(file) * 2 // 3])
    spoiled = {file: cut(made[file]) for file in SPOILABLE[name]}
    folder = put(name, monkeypatch, **spoiled)
    with pytest.raises(DataError, match=r"can't be read: .+\. Fetch it again with") as caught:
        catalogue.open_entry(name)
    assert str(folder) in caught.value.message
    assert sorted(path.name for path in folder.iterdir()) == sorted(made)


def test_a_damaged_file_that_has_no_checksum_is_fetched_again(
    monkeypatch: pytest.MonkeyPatch, server: FileServer
) -> None:
    (file,) = MADE["fgvc-aircraft"]()
    wanted = (Wanted(file, (server.url(file),)),)
    monkeypatch.setattr(catalogue_files, "files_of", lambda name: wanted)
    server.files = {file: b"<html>Sign in to the network</html>"}
    with pytest.raises(DataError, match=r"FGVC-Aircraft, variants in .* can't be read"):
        catalogue.fetch("fgvc-aircraft", ignore, never)
    server.files = MADE["fgvc-aircraft"]()
    catalogue.fetch("fgvc-aircraft", ignore, never)
    assert len(catalogue.open_entry("fgvc-aircraft")) == 6


def test_a_pickle_that_would_run_code_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    code = f"cpathlib\nPath\n(V{ran}\ntR.".encode() + b""
    hostile = tar({"cifar-10-batches-py/batches.meta": code})
    put("cifar10", monkeypatch, **{"cifar-10-python.tar.gz": hostile})
    with pytest.raises(DataError, match=r"it asks for pathlib\.Path"):
        catalogue.open_entry("cifar10")


def linked_tar() -> bytes:
    """Pictures, and members that point out of the archive or are links."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        names = ["train/n01440764/a.JPEG", "../../evil.JPEG", "/evil.JPEG"]
        for name in names:
            inside = name if name[0] in "./" else f"imagenette2-160/{name}"
            info = tarfile.TarInfo(inside)
            info.size = len(jpeg(1))
            archive.addfile(info, io.BytesIO(jpeg(1)))
        for name, kind in (("link", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE)):
            info = tarfile.TarInfo(f"imagenette2-160/train/n01440764/{name}.JPEG")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    return file.getvalue()


def test_members_that_point_elsewhere_are_left_out_and_said(
    parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("imagenette", monkeypatch, **{"imagenette2-160.tgz": linked_tar()})
    source = catalogue.open_entry("imagenette")
    assert source.names == ("imagenette2-160/train/n01440764/a.JPEG",)
    assert {problem.name: problem.sentence for problem in source.problems} == {
        "../../evil.JPEG": "Its name points out of its archive.",
        "/evil.JPEG": "Its name points out of its archive.",
        "imagenette2-160/train/n01440764/link.JPEG": (
            "It is no plain file in its archive, but a link or a device."
        ),
        "imagenette2-160/train/n01440764/hard.JPEG": (
            "It is no plain file in its archive, but a link or a device."
        ),
    }
    assert not list(parent.parent.rglob("evil*"))


@pytest.mark.parametrize("name", ["../a.jpg", "/a.jpg", "a/../../b.jpg", "C:\\a.jpg", "..\\a.jpg"])
def test_zip_members_that_point_out_are_known(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({name: jpeg(1), "a/b.jpg": jpeg(2)}))
    outside, inside = members(tmp_path / "a.zip")
    assert outside.sentence == "Its name points out of its archive."
    assert (inside.name, inside.sentence) == ("a/b.jpg", "")


def test_a_full_disk_while_it_is_made_ready_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = put("cifar10", monkeypatch)

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(DataError, match=r"The disk of .* is full\."):
        catalogue.open_entry("cifar10")
    assert [path.name for path in folder.iterdir()] == ["cifar-10-python.tar.gz"]


@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from(sorted(SPOILABLE)))
def test_any_damage_gives_a_source_or_a_sentence(
    data: st.DataObject, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = MADE[name]()
    file = data.draw(st.sampled_from(SPOILABLE[name]))
    content = bytearray(made[file])
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    folder = put(name, monkeypatch, **{file: bytes(content)})
    try:
        source = catalogue.open_entry(name)
        assert len(source) == len(source.names) > 0
    except DataError as error:
        assert error.hint
    finally:
        shutil.rmtree(folder)
