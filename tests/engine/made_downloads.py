"""A server of files on this machine, and small files made as those of the catalogue are."""

import gzip
import hashlib
import io
import json
import pickle
import tarfile
import threading
import zipfile
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image
from scipy.io import savemat

from engine.data.catalogue.download import Wanted


class FileServer:
    """Serves `files` by name on 127.0.0.1 and keeps what it was asked for: (name, Range)."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.knows_ranges = True
        self.says_length = True
        self.breaks_off_after: list[int] = []
        """How many bytes the next answers have at most."""
        self.never_answers = False
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/{name}"

    def wanted(self) -> tuple[Wanted, ...]:
        return tuple(
            Wanted(name, (self.url(name),), hashlib.md5(content).hexdigest())
            for name, content in self.files.items()
        )

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        files = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                files._answer(self)

            def log_message(self, *words: object) -> None:
                pass

        return Handler

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        name, wanted = request.path[1:], request.headers.get("Range")
        self.asked.append((name, wanted))
        if self.never_answers:
            self._closing.wait()
            return
        if name not in self.files:
            request.send_error(404)
            return
        content = self.files[name]
        begin = 0
        if wanted and self.knows_ranges:
            begin = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if begin >= len(content):
                request.send_response(416)
                request.send_header("Content-Range", f"bytes */{len(content)}")
                request.end_headers()
                return
            request.send_response(206)
            span = f"bytes {begin}-{len(content) - 1}/{len(content)}"
            request.send_header("Content-Range", span)
        else:
            request.send_response(200)
        if self.says_length:
            request.send_header("Content-Length", str(len(content) - begin))
        request.end_headers()
        rest = content[begin:]
        if self.breaks_off_after:
            rest = rest[: self.breaks_off_after.pop(0)]
        try:
            request.wfile.write(rest)
        except ConnectionError:
            request.close_connection = True


def pixels(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).integers(0, 256, shape, np.uint8)


def jpeg(seed: int, kind: str = "JPEG") -> bytes:
    """A picture file like no other one."""
    file = io.BytesIO()
    Image.fromarray(np.full((4 + seed, 5, 3), 37 * seed % 256, np.uint8)).save(file, kind)
    return file.getvalue()


def tar(files: Mapping[str, bytes], kind: str = "gz") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=f"w:{kind}") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def idx(array: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return gzip.compress(head + array.tobytes())


def mat(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    savemat(file, arrays)
    return file.getvalue()


def mnist() -> dict[str, bytes]:
    return {
        "train-images-idx3-ubyte.gz": idx(pixels(20, 28, 28)),
        "train-labels-idx1-ubyte.gz": idx(np.arange(20, dtype=np.uint8) % 10),
        "t10k-images-idx3-ubyte.gz": idx(pixels(10, 28, 28)),
        "t10k-labels-idx1-ubyte.gz": idx(np.arange(10, dtype=np.uint8)[::-1].copy()),
    }


def cifar10() -> dict[str, bytes]:
    batches = {f"data_batch_{number}": 3 for number in range(1, 6)} | {"test_batch": 4}
    files = {
        f"cifar-10-batches-py/{name}": pickle.dumps(
            {"data": pixels(count, 3072) + len(name), "labels": list(range(count))}, protocol=2
        )
        for name, count in batches.items()
    }
    names = [f"class_{number}" for number in range(10)]
    files["cifar-10-batches-py/batches.meta"] = pickle.dumps({"label_names": names}, protocol=2)
    files["cifar-10-batches-py/readme.html"] = b"<html>"
    # As the real one is, they are in no order.
    return {"cifar-10-python.tar.gz": tar(dict(reversed(files.items())))}


def cifar100() -> dict[str, bytes]:
    files = {
        f"cifar-100-python/{name}": pickle.dumps(
            {"data": pixels(count, 3072), "fine_labels": list(range(count))}, protocol=2
        )
        for name, count in (("train", 7), ("test", 5))
    }
    names = [f"fine_{number}" for number in range(100)]
    files["cifar-100-python/meta"] = pickle.dumps({"fine_label_names": names}, protocol=2)
    return {"cifar-100-python.tar.gz": tar(files)}


def svhn() -> dict[str, bytes]:
    return {
        f"{name}_32x32.mat": mat(
            X=pixels(32, 32, 3, count), y=np.arange(1, count + 1, dtype=np.uint8)[:, None]
        )
        for name, count in (("train", 10), ("test", 4))
    }


def stl10() -> dict[str, bytes]:
    files = {"stl10_binary/class_names.txt": "\n".join("abcdefghij").encode()}
    for name, count in (("train", 6), ("test", 3)):
        files[f"stl10_binary/{name}_X.bin"] = pixels(count, 3, 96, 96).tobytes()
        files[f"stl10_binary/{name}_y.bin"] = bytes(range(1, count + 1))
    files["stl10_binary/unlabeled_X.bin"] = b"never read"
    return {"stl10_binary.tar.gz": tar(files)}


def pets() -> dict[str, bytes]:
    pictures = ["Abyssinian_1", "Abyssinian_2", "american_bulldog_1", "american_bulldog_20"]
    files = {f"images/{name}.jpg": jpeg(at) for at, name in enumerate(pictures)}
    files["images/Abyssinian_100.mat"] = b"not a picture"
    files["images/nobody_1.jpg"] = jpeg(9)
    lists = {
        "annotations/trainval.txt": b"Abyssinian_1 1 1 1\namerican_bulldog_20 2 2 1\n",
        "annotations/test.txt": b"Abyssinian_2 1 1 1\namerican_bulldog_1 2 2 1\n",
        "annotations/list.txt": b"#Image CLASS-ID SPECIES BREED ID\n",
        "annotations/trimaps/Abyssinian_1.png": jpeg(3, "PNG"),
    }
    return {"images.tar.gz": tar(files), "annotations.tar.gz": tar(lists)}


def flowers102() -> dict[str, bytes]:
    pictures = {f"jpg/image_{number:05}.jpg": jpeg(number) for number in range(1, 7)}
    return {
        "102flowers.tgz": tar(pictures),
        "imagelabels.mat": mat(labels=np.array([[1, 1, 2, 2, 102, 3]], np.uint8)),
        "setid.mat": mat(
            trnid=np.array([[1, 3]]), valid=np.array([[4, 6]]), tstid=np.array([[2, 5]])
        ),
    }


def imagenette() -> dict[str, bytes]:
    files = {"imagenette2-160/noisy_imagenette.csv": b"path"}
    for part, seed in (("train", 1), ("val", 5)):
        for wnid in ("n03888257", "n01440764"):
            seed += 1
            files[f"imagenette2-160/{part}/{wnid}/{wnid}_{seed}.JPEG"] = jpeg(seed)
    return {"imagenette2-160.tgz": tar(files)}


def eurosat() -> dict[str, bytes]:
    folders = ("AnnualCrop", "SeaLake", "Forest")
    files = {f"2750/{name}/{name}_{n}.jpg": jpeg(n) for name in folders for n in (1, 2)}
    return {"EuroSAT.zip": zipped(files)}


def gtsrb() -> dict[str, bytes]:
    training = {
        f"GTSRB/Training/{label:05}/00000_{n:05}.ppm": jpeg(label + n, "PPM")
        for label in (0, 1, 2)
        for n in (0, 1)
    }
    training["GTSRB/Training/00000/GT-00000.csv"] = b"Filename;Width"
    test = {f"GTSRB/Final_Test/Images/{n:05}.ppm": jpeg(n + 3, "PPM") for n in range(3)}
    truth = "Filename;Width;Height;ClassId\n00000.ppm;5;5;2\n00001.ppm;5;5;0\n00002.ppm;5;5;1\n"
    return {
        "GTSRB-Training_fixed.zip": zipped(training),
        "GTSRB_Final_Test_Images.zip": zipped(test),
        "GTSRB_Final_Test_GT.zip": zipped({"GT-final_test.csv": truth.encode()}),
    }


def food101() -> dict[str, bytes]:
    lists = {
        "train": {"apple_pie": ["apple_pie/10", "apple_pie/2"], "pho": ["pho/3"]},
        "test": {"apple_pie": ["apple_pie/4"], "pho": ["pho/5"]},
    }
    files = {
        f"food-101/images/{picture}.jpg": jpeg(int(picture.split("/")[1]))
        for part in lists.values()
        for pictures in part.values()
        for picture in pictures
    }
    for part, pictures in lists.items():
        files[f"food-101/meta/{part}.json"] = json.dumps(pictures).encode()
    return {"food-101.tar.gz": tar(files)}


def dtd() -> dict[str, bytes]:
    files = {}
    for seed, part in enumerate(("train", "val", "test")):
        names = [f"{texture}/{texture}_{seed}.jpg" for texture in ("banded", "dotted")]
        files |= {f"dtd/images/{name}": jpeg(seed + len(name)) for name in names}
        files[f"dtd/labels/{part}1.txt"] = "\n".join(names).encode() + b"\n"
        files[f"dtd/labels/{part}2.txt"] = b"banded/other.jpg\n"
    return {"dtd-r1.0.1.tar.gz": tar(files)}


def fgvc_aircraft() -> dict[str, bytes]:
    above = "fgvc-aircraft-2013b/data"
    files = {f"{above}/variants.txt": b"707-320\nF/A-18\n"}
    for seed, part in enumerate(("train", "val", "test")):
        files[f"{above}/images/000{seed}.jpg"] = jpeg(seed)
        files[f"{above}/images/010{seed}.jpg"] = jpeg(seed + 5)
        lines = f"000{seed} 707-320\n010{seed} F/A-18\n"
        files[f"{above}/images_variant_{part}.txt"] = lines.encode()
    trainval = files[f"{above}/images_variant_train.txt"] + files[f"{above}/images_variant_val.txt"]
    files[f"{above}/images_variant_trainval.txt"] = trainval
    return {"fgvc-aircraft-2013b.tar.gz": tar({f"./{name}": files[name] for name in files})}


MADE = {
    "mnist": mnist,
    "fashion-mnist": mnist,
    "kmnist": mnist,
    "cifar10": cifar10,
    "cifar100": cifar100,
    "svhn": svhn,
    "stl10": stl10,
    "pets": pets,
    "pets-cats-dogs": pets,
    "flowers102": flowers102,
    "imagenette": imagenette,
    "eurosat": eurosat,
    "gtsrb": gtsrb,
    "food101": food101,
    "dtd": dtd,
    "fgvc-aircraft": fgvc_aircraft,
}
"""The files of each entry of the catalogue, small, by name."""
