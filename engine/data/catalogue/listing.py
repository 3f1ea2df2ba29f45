"""The list of the catalogue: what is said of each source before it is downloaded.

Sizes and counts are as their authors publish them; the licences are said in short, and the pages
say them in full.
"""

from msgspec import Struct

CATS_DOGS = "pets-cats-dogs"


class Entry(Struct, frozen=True):
    """An entry as it is listed. `files` are the names that torchvision knows them by."""

    name: str
    title: str
    pictures: int
    classes: int
    size_HW: tuple[int, int] | None
    megabytes: int
    licence: str
    page: str
    files: tuple[str, ...]
    validation: int
    """How many pictures of each class validate, unless a person asks for another number."""
    test: int = 0
    """How many of each class test; 0 where the source comes with pictures to test with."""
    folder: str = ""
    """The folder of its files, where two entries are made of the same; "" is `name`."""


_MNIST_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
_NONE_STATED = "none stated"

ENTRIES = (
    Entry(
        name="mnist",
        title="MNIST",
        pictures=70_000,
        classes=10,
        size_HW=(28, 28),
        megabytes=12,
        licence="CC BY-SA 3.0",
        page="http://yann.lecun.com/exdb/mnist/",
        files=_MNIST_FILES,
        validation=500,
    ),
    Entry(
        name="fashion-mnist",
        title="Fashion-MNIST",
        pictures=70_000,
        classes=10,
        size_HW=(28, 28),
        megabytes=31,
        licence="MIT",
        page="https://github.com/zalandoresearch/fashion-mnist",
        files=_MNIST_FILES,
        validation=500,
    ),
    Entry(
        name="kmnist",
        title="Kuzushiji-MNIST",
        pictures=70_000,
        classes=10,
        size_HW=(28, 28),
        megabytes=21,
        licence="CC BY-SA 4.0",
        page="http://codh.rois.ac.jp/kmnist/",
        files=_MNIST_FILES,
        validation=500,
    ),
    Entry(
        name="cifar10",
        title="CIFAR-10",
        pictures=60_000,
        classes=10,
        size_HW=(32, 32),
        megabytes=170,
        licence=_NONE_STATED,
        page="https://www.cs.toronto.edu/~kriz/cifar.html",
        files=("cifar-10-python.tar.gz",),
        validation=500,
    ),
    Entry(
        name="cifar100",
        title="CIFAR-100",
        pictures=60_000,
        classes=100,
        size_HW=(32, 32),
        megabytes=169,
        licence=_NONE_STATED,
        page="https://www.cs.toronto.edu/~kriz/cifar.html",
        files=("cifar-100-python.tar.gz",),
        validation=50,
    ),
    Entry(
        name="svhn",
        title="Street View House Numbers",
        pictures=99_289,
        classes=10,
        size_HW=(32, 32),
        megabytes=246,
        licence="non-commercial use only",
        page="http://ufldl.stanford.edu/housenumbers/",
        files=("train_32x32.mat", "test_32x32.mat"),
        validation=400,
    ),
    Entry(
        name="stl10",
        title="STL-10, the labelled part",
        pictures=13_000,
        classes=10,
        size_HW=(96, 96),
        megabytes=2640,
        licence=_NONE_STATED,
        page="https://cs.stanford.edu/~acoates/stl10/",
        files=("stl10_binary.tar.gz",),
        validation=50,
    ),
    Entry(
        name="pets",
        title="Oxford-IIIT Pet, breeds",
        pictures=7_349,
        classes=37,
        size_HW=None,
        megabytes=811,
        licence="CC BY-SA 4.0",
        page="https://www.robots.ox.ac.uk/~vgg/data/pets/",
        files=("images.tar.gz", "annotations.tar.gz"),
        validation=10,
    ),
    Entry(
        name=CATS_DOGS,
        title="Oxford-IIIT Pet, cats against dogs",
        pictures=7_349,
        classes=2,
        size_HW=None,
        megabytes=811,
        licence="CC BY-SA 4.0",
        page="https://www.robots.ox.ac.uk/~vgg/data/pets/",
        files=("images.tar.gz", "annotations.tar.gz"),
        validation=150,
        folder="pets",
    ),
    Entry(
        name="flowers102",
        title="Oxford Flowers-102",
        pictures=8_189,
        classes=102,
        size_HW=None,
        megabytes=345,
        licence=_NONE_STATED,
        page="https://www.robots.ox.ac.uk/~vgg/data/flowers/102/",
        files=("102flowers.tgz", "imagelabels.mat", "setid.mat"),
        validation=10,
    ),
    Entry(
        name="imagenette",
        title="Imagenette, 160 pixels",
        pictures=13_394,
        classes=10,
        size_HW=None,
        megabytes=99,
        licence="Apache 2.0; the pictures are ImageNet's, for research",
        page="https://github.com/fastai/imagenette",
        files=("imagenette2-160.tgz",),
        validation=50,
    ),
    Entry(
        name="eurosat",
        title="EuroSAT",
        pictures=27_000,
        classes=10,
        size_HW=(64, 64),
        megabytes=94,
        licence="MIT",
        page="https://github.com/phelber/eurosat",
        files=("EuroSAT.zip",),
        validation=250,
        test=250,
    ),
    Entry(
        name="gtsrb",
        title="German traffic signs, GTSRB",
        pictures=39_270,
        classes=43,
        size_HW=None,
        megabytes=277,
        licence="free to use; cite the authors",
        page="https://benchmark.ini.rub.de/",
        files=(
            "GTSRB-Training_fixed.zip",
            "GTSRB_Final_Test_Images.zip",
            "GTSRB_Final_Test_GT.zip",
        ),
        validation=20,
    ),
    Entry(
        name="food101",
        title="Food-101",
        pictures=101_000,
        classes=101,
        size_HW=None,
        megabytes=4996,
        licence="for research; the pictures are their owners'",
        page="https://data.vision.ee.ethz.ch/cvl/datasets_extra/food-101/",
        files=("food-101.tar.gz",),
        validation=75,
    ),
    Entry(
        name="dtd",
        title="Describable Textures",
        pictures=5_640,
        classes=47,
        size_HW=None,
        megabytes=625,
        licence="for research",
        page="https://www.robots.ox.ac.uk/~vgg/data/dtd/",
        files=("dtd-r1.0.1.tar.gz",),
        validation=10,
    ),
    Entry(
        name="fgvc-aircraft",
        title="FGVC-Aircraft, variants",
        pictures=10_000,
        classes=100,
        size_HW=None,
        megabytes=2753,
        licence="non-commercial research only",
        page="https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/",
        files=("fgvc-aircraft-2013b.tar.gz",),
        validation=10,
    ),
)
