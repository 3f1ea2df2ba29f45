"""CSV files of paths and labels."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.source import Source
from engine.data.sources.open import open_source
from engine.data.sources.tables import open_table
from engine.errors import DataError


def opened(path: Path) -> Source:
    return open_table(path, lambda: False)


def told(source: Source) -> dict[str, str]:
    return {problem.name: problem.sentence for problem in source.problems}


@pytest.fixture
def table(tmp_path: Path):
    """Writes a CSV file beside 1.jpg to 4.jpg and sub/5.jpg, whose content are their names."""
    (tmp_path / "sub").mkdir()
    for name in ("1.jpg", "2.jpg", "3.jpg", "4.jpg", "sub/5.jpg"):
        (tmp_path / name).write_text(name)

    def write(text: str, encoding: str = "utf-8", name: str = "pets.csv") -> Path:
        (tmp_path / name).write_bytes(text.encode(encoding))
        return tmp_path / name

    return write


def test_a_table_of_paths_and_labels(table):
    path = table("path,label\nsub/5.jpg,dog\n2.jpg,cat\n1.jpg,dog\n")
    source = opened(path)
    assert source.name == "pets.csv"
    assert source.where == str(path)
    assert source.classes == ("cat", "dog")
    assert source.names == ("sub/5.jpg", "2.jpg", "1.jpg")
    assert source.labels_N.tolist() == [1, 0, 1]
    assert source.labels_N.dtype == np.int64
    assert source.problems == ()
    assert source.subset_N is None
    assert source.files.read(0) == b"sub/5.jpg"
    assert source.files.size(0) == 9


@pytest.mark.parametrize(
    "text",
    [
        "label,path\ncat,1.jpg\ndog,2.jpg\n",
        "id;Class Name;File_Name\n7;cat;1.jpg\n8;dog;2.jpg\n",
        "image\tcategory\n1.jpg\tcat\n2.jpg\tdog\n",
        "x|y\n1.jpg|cat\n2.jpg|dog\n",
        "photo,label\n1.jpg,cat\n2.jpg,dog\n",
        "target,what\ncat,1.jpg\ndog,2.jpg\n",
        "1.jpg,cat\n2.jpg,dog\n",
        'path,label\r\n"1.jpg","cat"\r\n"2.jpg" , dog \r\n',
        "\n\npath,label\n\n1.jpg,cat\n,\n2.jpg,dog",
        "path,label,label\n1.jpg,cat,x\n2.jpg,dog,y\n",
    ],
)
def test_columns_are_found(table, text):
    source = opened(table(text))
    assert source.problems == ()
    assert source.names == ("1.jpg", "2.jpg")
    assert [source.classes[label] for label in source.labels_N] == ["cat", "dog"]


def test_a_mark_of_utf_8_is_no_part_of_the_first_name(table):
    assert opened(table("path,label\n1.jpg,猫\n2.jpg,dog\n", "utf-8-sig")).classes == ("dog", "猫")


def test_subsets(table):
    text = "path,label,split\n1.jpg,a,train\n2.jpg,b,TRAIN\n3.jpg,a,val\n4.jpg,b,test\nsub/5.jpg,a,"
    source = opened(table(text))
    assert source.subset_N.tolist() == [0, 0, 1, 2, -1]
    assert source.subset_N.dtype == np.int8
    assert opened(table(text.replace("val", "train").replace("test", ""))).subset_N is None
    odd = opened(table(text.replace("val", "spare")))
    assert told(odd) == {"3.jpg": "Its subset 'spare' isn't train, validation or test."}
    assert len(odd) == 4


def test_rows_that_cannot_be_used_are_told(table):
    source = opened(
        table(
            "path,label\n1.jpg,cat\ngone.jpg,cat\nsub,dog\n3.jpg,\n4.jpg\n,dog\n1.jpg,cat\n"
            "2.jpg,dog\n2.jpg,cat\n"
        )
    )
    assert source.names == ("1.jpg", "2.jpg")
    assert [(problem.name, problem.sentence) for problem in source.problems] == [
        ("gone.jpg", "There is no such file."),
        ("sub", "It isn't a file."),
        ("3.jpg", "Line 5 gives it no label."),
        ("4.jpg", "Line 6 gives it no label."),
        ("line 7", "It has no path."),
        ("1.jpg", "Line 8 lists it again; the first counts."),
        ("2.jpg", "Line 10 lists it again and another label, 'cat'; the first counts."),
    ]


def test_absolute_paths_and_those_of_windows(table, tmp_path):
    source = opened(table(f"path,label\n{tmp_path / '1.jpg'},a\nsub\\5.jpg,b\n"))
    assert source.problems == ()
    assert source.files.read(1) == b"sub/5.jpg"
    assert source.files.read(0) == b"1.jpg"
    assert Path(source.files.place(0)) == tmp_path / "1.jpg"


def test_classes_are_in_natural_order(table):
    source = opened(table("path,label\n1.jpg,10\n2.jpg,9\n3.jpg,b\n"))
    assert source.classes == ("9", "10", "b")
    assert source.labels_N.tolist() == [1, 0, 2]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "has no columns"),
        ("path\n1.jpg\n", "has no columns"),
        ("path,label\n", "lists no pictures"),
        ("path,label\nx.jpg,cat\ny.jpg,dog\n", r"No row of pets\.csv can be used\. x\.jpg: There"),
        ("path,label\na\0b.jpg,cat\n", r"can be used|isn't a CSV file"),
        ('path,label\n"' + "x" * 200_000 + '",cat\n', r"isn't a CSV file"),
    ],
)
def test_tables_that_cannot_be_used_are_said(table, text, sentence):
    with pytest.raises(DataError, match=sentence) as caught:
        opened(table(text))
    assert "path,label" in caught.value.hint


def test_another_encoding_is_said(table, tmp_path):
    with pytest.raises(DataError, match=r"isn't a CSV file in UTF-8\. Save it"):
        opened(table("path,label\n1.jpg,Käfer\n", "latin-1"))
    with pytest.raises(DataError, match=r"isn't there"):
        opened(tmp_path / "gone.csv")


def test_the_fingerprint_is_another_whenever_a_picture_or_label_is(table, tmp_path):
    path = table("path,label\n1.jpg,a\n2.jpg,b\n")
    seen = {opened(path).fingerprint}
    seen.add(opened(table("path,label\n1.jpg,b\n2.jpg,a\n")).fingerprint)
    path = table("path,label\n1.jpg,a\n2.jpg,b\n")
    seen.add(opened(path).fingerprint)
    assert len(seen) == 2
    os.utime(tmp_path / "1.jpg", ns=(5, 5))
    seen.add(opened(path).fingerprint)
    assert len(seen) == 3


@given(st.text(alphabet="path,label\n1.jg;\"'\t|\r ä\0", max_size=80))
def test_any_text_gives_a_source_or_a_sentence(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("table")
    (folder / "1.jpg").touch()
    path = folder / "pets.csv"
    path.write_bytes(text.encode())
    try:
        source = opened(path)
    except DataError as error:
        assert str(error).endswith(".")
        return
    assert source.names == ("1.jpg",)


def test_a_quote_that_is_never_closed_prints_no_file(tmp_path):
    (tmp_path / "a.jpg").touch()
    rows = "a.jpg,cat\n" * 1000
    path = tmp_path / "a.csv"
    path.write_text(f'path,label\na.jpg,"cat\n{rows}')
    with pytest.raises(DataError, match="a quote in line 2 is never closed") as told:
        open_source(str(path))
    assert len(str(told.value)) < 300
    path.write_text(f'path,label\na.jpg,"cat\n{rows}",x\na.jpg,cat\n')
    source = open_source(str(path))
    assert source.classes == ("cat",)
    assert max(len(problem.sentence) + len(problem.name) for problem in source.problems) < 300
