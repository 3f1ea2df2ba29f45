"""Shares as percent: all and nothing are said of nothing else."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.percent import percent


@pytest.mark.parametrize(
    ("share", "decimals", "text"),
    [
        (0.0, 0, "0%"),
        (1.0, 0, "100%"),
        (0.45, 0, "45%"),
        (1 - 2 / 676, 0, ">99%"),
        (2 / 676, 0, "<1%"),
        (0.9996, 1, ">99.9%"),
        (0.9994, 1, "99.9%"),
        (0.0004, 1, "<0.1%"),
        (1.0, 1, "100.0%"),
    ],
)
def test_all_and_nothing_are_exact(share: float, decimals: int, text: str) -> None:
    assert percent(share, decimals) == text


def test_a_space_may_stand_before_the_sign() -> None:
    assert percent(0.975, 1, " ") == "97.5 %"
    assert percent(math.nan) == "nan%"


@given(right=st.integers(0, 100_000), all_of_them=st.integers(1, 100_000))
def test_no_count_is_told_as_all_or_nothing_but_those(right: int, all_of_them: int) -> None:
    right = min(right, all_of_them)
    for decimals in (0, 1):
        text = percent(right / all_of_them, decimals)
        assert (text in ("0%", "0.0%")) == (right == 0)
        assert (text in ("100%", "100.0%")) == (right == all_of_them)


def test_it_never_falls_where_the_share_rises() -> None:
    texts = [percent(n / 5000, 1) for n in range(5001)]
    numbers = [float(text.strip("<>%")) + ("<" not in text) * 1e-3 for text in texts]
    assert all(one <= other + 1e-3 for one, other in pairwise(numbers))
