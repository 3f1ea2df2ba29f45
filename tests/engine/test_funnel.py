"""Whatever goes wrong becomes a sentence."""

from collections.abc import Callable

from engine.errors import EngineError
from engine.funnel import attempt


def test_what_goes_well_says_nothing() -> None:
    done: list[str] = []
    told: list[tuple[str, str]] = []
    assert attempt("Counting", lambda: done.append("one"), lambda *each: told.append(each))
    assert (done, told) == (["one"], [])


def test_an_error_of_ours_is_its_sentence() -> None:
    told: list[tuple[str, str]] = []

    def work() -> None:
        raise EngineError("The cup is empty.", "Fill it.")

    assert not attempt("Drinking", work, lambda *each: told.append(each))
    assert told == [("The cup is empty. Fill it.", "")]


def test_any_other_is_logged_and_has_a_traceback(expect_log: Callable[[str], None]) -> None:
    expect_log("Drinking failed")
    told: list[tuple[str, str]] = []
    assert not attempt("Drinking", lambda: [][0], lambda *each: told.append(each))
    ((sentence, details),) = told
    assert sentence == "Drinking failed: IndexError: list index out of range."
    assert "Traceback" in details
    assert "test_funnel" in details
