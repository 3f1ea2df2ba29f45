"""Which files the sources of the catalogue consist of, as the installed torchvision knows it.

Addresses and checksums are torchvision's business: a list of our own would go stale. Of two sources
it has them in code alone; these are written down here, and a test compares them with what that code
would fetch. Loads torch when it is called.
"""

from engine.data.catalogue.download import Wanted
from engine.errors import DataError

_EUROSAT = (
    "https://huggingface.co/datasets/torchgeo/eurosat/resolve/"
    "c877bcd43f099cd0196738f714544e355477f3fd/"
)
_GTSRB = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/"
IN_CODE = {
    "eurosat": (
        Wanted("EuroSAT.zip", (f"{_EUROSAT}EuroSAT.zip",), "c8fa014336c82ac7804f0398fcb19387"),
    ),
    "gtsrb": tuple(
        Wanted(file, (_GTSRB + file,), md5)
        for file, md5 in (
            ("GTSRB-Training_fixed.zip", "513f3c79a4c5141765e10e952eaa2478"),
            ("GTSRB_Final_Test_Images.zip", "c7e4e6327067d32654124b0fe9e82185"),
            ("GTSRB_Final_Test_GT.zip", "fe31e9c9270bbcd7b84b7f21a9d9d9e5"),
        )
    ),
}


def files_of(name: str) -> tuple[Wanted, ...]:
    """The files of an entry of the catalogue, with addresses and checksums.

    DataError where the installed torchvision doesn't say them as we know it.
    """
    try:
        return _files_of(name)
    except (ImportError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"The installed torchvision doesn't say where {name} is to be had: {error}.",
            "Install the versions in requirements.txt.",
        ) from error


def _files_of(name: str) -> tuple[Wanted, ...]:
    from torchvision import datasets

    match name:
        case "mnist" | "fashion-mnist" | "kmnist":
            kind = {"mnist": datasets.MNIST, "kmnist": datasets.KMNIST}.get(
                name, datasets.FashionMNIST
            )
            return tuple(
                Wanted(file, tuple(mirror + file for mirror in kind.mirrors), md5)
                for file, md5 in kind.resources
            )
        case "cifar10" | "cifar100" | "stl10":
            kind = {"cifar10": datasets.CIFAR10, "cifar100": datasets.CIFAR100}.get(
                name, datasets.STL10
            )
            return (Wanted(kind.filename, (kind.url,), kind.tgz_md5),)
        case "svhn":
            listed = (datasets.SVHN.split_list[split] for split in ("train", "test"))
            return tuple(Wanted(file, (url,), md5) for url, file, md5 in listed)
        case "pets":
            return tuple(_wanted(url, md5) for url, md5 in datasets.OxfordIIITPet._RESOURCES)
        case "flowers102":
            above = datasets.Flowers102._download_url_prefix
            listed = datasets.Flowers102._file_dict.values()
            return tuple(_wanted(above + file, md5) for file, md5 in listed)
        case "imagenette":
            return (_wanted(*datasets.Imagenette._ARCHIVES["160px"]),)
        case "eurosat" | "gtsrb":
            return IN_CODE[name]
        case "food101":
            return (_wanted(datasets.Food101._URL, datasets.Food101._MD5),)
        case "dtd":
            return (_wanted(datasets.DTD._URL, datasets.DTD._MD5),)
        case "fgvc-aircraft":
            return (_wanted(datasets.FGVCAircraft._URL, None),)
    raise KeyError(name)


def _wanted(url: str, md5: str | None) -> Wanted:
    return Wanted(url.rpartition("/")[2], (url,), md5)
