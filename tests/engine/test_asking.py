"""Questions are answered once, in order, the newest of some only; whatever goes wrong is told."""

import os
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from engine.asking.handler import Handler, Task
from engine.asking.service import Asked, Service
from engine.errors import EngineError
from engine.messages.views import Answer, ProgressView, Told, ViewKey

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
"""Seconds after which a test fails that waits for something."""
QUESTIONS = int(os.environ.get("CONVSCOPE_QUESTIONS", "3000"))
"""So many are asked by the test of the memory."""


def wait_until(condition: Callable[[], object]) -> None:
    end = time.perf_counter() + PATIENCE
    while not condition():
        assert time.perf_counter() < end, "it did not come"
        time.sleep(0.001)


class Heard(Answer, frozen=True, eq=False):
    words: str

    @property
    def key(self) -> ViewKey:
        return ("Heard", self.words)


class Say(Struct, frozen=True):
    """Answered by its words."""

    words: str


class Point(Struct, frozen=True):
    """Comes with every move of a slider."""

    place: int


class Many(Struct, frozen=True):
    places: tuple[int, ...]


class Open(Struct, frozen=True):
    name: str
    succeeds: bool = True


class About(Struct, frozen=True):
    """About what is open."""

    words: str


class Carry(Struct, frozen=True):
    """A task."""

    load: str


class Fail(Struct, frozen=True):
    expected: bool


class Beside(Struct, frozen=True):
    words: str


class Answers:
    """Handlers that write down what they answer. While `gate` is closed they wait, and as long as
    nobody cancels them."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.begun: list[Struct] = []
        self.answered: list[Struct] = []

    def pass_gate(self, asked: Struct, answer: Asked) -> None:
        self.begun.append(asked)
        wait_until(lambda: self.gate.is_set() or answer.cancelled)
        if answer.cancelled:
            raise EngineError("It was cancelled.")

    def say(self, asked: Say | About | Beside, answer: Asked) -> None:
        self.pass_gate(asked, answer)
        self.answered.append(asked)
        answer.put(Heard(asked.words))

    def point(self, asked: Point | Many, answer: Asked) -> None:
        self.pass_gate(asked, answer)
        self.answered.append(asked)
        answer.put(Heard(str(asked)))

    def open(self, asked: Open, answer: Asked) -> None:
        self.pass_gate(asked, answer)
        if not asked.succeeds:
            raise EngineError(f"{asked.name} can't be opened.")
        answer.open_subject()
        self.answered.append(asked)
        answer.put(Heard(asked.name))

    def carry(self, asked: Carry, answer: Asked) -> Task:
        def work() -> None:
            answer.progress(1, 2)
            self.pass_gate(asked, answer)
            self.answered.append(asked)
            answer.put(Heard(asked.load))

        return work

    def fail(self, asked: Fail, answer: Asked) -> None:
        if asked.expected:
            raise EngineError("The cup is empty.", "Fill it.")
        raise ZeroDivisionError("division by zero")

    def handlers(self) -> tuple[Handler, ...]:
        return (
            Handler(Say, self.say, "talk"),
            Handler(Point, self.point, "talk", newest_only=True),
            Handler(
                Open,
                self.open,
                "talk",
                newest_only=True,
                opens_subject=True,
                progress="open",
            ),
            Handler(About, self.say, "talk", of_subject=True),
            Handler(
                Carry,
                self.carry,
                "talk",
                once=True,
                of_subject=True,
                busy="Something is being carried.",
                progress="carry",
            ),
            Handler(Fail, self.fail, "talk", what="Drinking"),
            Handler(Beside, self.say, "beside"),
            Handler(
                Many,
                self.point,
                "many",
                newest_only=True,
                once=True,
                of_subject=True,
                split=lambda asked: (Many((place,)) for place in asked.places),
            ),
        )


class Reader:
    """A service with the handlers above, and all that came of it."""

    def __init__(self) -> None:
        self.answers = Answers()
        self.service = Service(self.answers.handlers(), {"many": 2})
        self.views: list[Answer] = []
        self.all_told: list[Told] = []

    def ask(self, *questions: Struct) -> list[int]:
        return [self.service.ask(question) for question in questions]

    def read(self) -> None:
        self.views += self.service.take()
        self.all_told += self.service.told()

    def settle(self) -> None:
        """Until all is answered."""
        wait_until(lambda: self.service.rests)
        self.read()

    def heard(self) -> list[str]:
        self.read()
        return [view.words for view in self.views if isinstance(view, Heard)]

    def progress(self, what: str) -> list[ProgressView]:
        self.read()
        return [v for v in self.views if isinstance(v, ProgressView) and v.what == what]


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader()
    reader.service.open()
    yield reader
    assert reader.service.close()


@pytest.fixture
def answers(reader: Reader) -> Answers:
    return reader.answers


def test_it_is_imported_without_torch_and_knows_nothing_of_pictures() -> None:
    code = (
        "import sys, engine.asking.service; assert 'torch' not in sys.modules; "
        "assert not [m for m in sys.modules if m.startswith(('engine.desk', 'engine.networks.b'))]"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stderr


# Order


def test_each_is_answered_under_its_number_in_the_order_of_asking(reader: Reader) -> None:
    said = [Say(str(number)) for number in range(50)]
    numbers = reader.ask(*said)
    assert numbers == sorted(set(numbers))
    reader.settle()
    assert reader.answers.answered == said
    assert [view.question for view in reader.views] == numbers


def test_of_those_that_wait_only_the_newest_is_answered(reader: Reader, answers: Answers) -> None:
    answers.gate.clear()
    reader.ask(Point(0))
    wait_until(lambda: answers.begun)
    for place in range(1, 20):
        reader.ask(Point(place), Say(str(place)))
    answers.gate.set()
    reader.settle()
    assert [each for each in answers.answered if isinstance(each, Point)] == [Point(0), Point(19)]
    assert len(answers.answered) == 2 + 19


def test_a_lane_waits_for_no_other(reader: Reader, answers: Answers) -> None:
    first = threading.Event()
    answers.pass_gate = lambda asked, answer: (
        wait_until(first.is_set) if isinstance(asked, Say) else None
    )
    reader.ask(Say("slow"), Beside("quick"))
    wait_until(lambda: reader.heard() == ["quick"])
    first.set()
    reader.settle()
    assert reader.heard() == ["quick", "slow"]


def test_parts_are_answered_side_by_side_and_none_twice(reader: Reader, answers: Answers) -> None:
    answers.gate.clear()
    (first,) = reader.ask(Many(tuple(range(1000))))
    wait_until(lambda: len(answers.begun) == 2)
    (second,) = reader.ask(Many((900, 1, 800)))
    answers.gate.set()
    reader.settle()
    assert sorted(answers.begun[:2], key=str) == [Many((0,)), Many((1,))]
    assert answers.begun[2:] == [Many((900,)), Many((800,))]
    shown = {view.words: view.question for view in reader.views if isinstance(view, Heard)}
    assert shown == {
        str(Many((1,))): first,
        str(Many((900,))): second,
        str(Many((800,))): second,
    }, "what is begun and not wanted any more is not shown"


# Tasks


def test_quick_questions_are_answered_while_a_task_goes_on(
    reader: Reader, answers: Answers
) -> None:
    answers.gate.clear()
    (number,) = reader.ask(Carry("stones"))
    wait_until(lambda: answers.begun)
    wait_until(lambda: reader.progress("carry")[-1:] == [part_of(number)])
    answers.pass_gate = lambda asked, answer: None
    reader.ask(Say("meanwhile"))
    wait_until(lambda: reader.heard() == ["meanwhile"])
    answers.gate.set()
    reader.settle()
    assert reader.heard() == ["meanwhile", "stones"]
    last = ProgressView("carry", 1, 2, finished=True, question=number)
    assert reader.progress("carry")[-1] == last


def part_of(number: int) -> ProgressView:
    return ProgressView("carry", 1, 2, finished=False, question=number)


def test_one_task_at_a_time_and_the_same_again_is_nothing_new(
    reader: Reader, answers: Answers
) -> None:
    answers.gate.clear()
    reader.ask(Carry("stones"))
    wait_until(lambda: answers.begun)
    _, refused = reader.ask(Carry("stones"), Carry("sand"))
    wait_until(lambda: reader.read() or reader.all_told)
    sentence = "Something is being carried. Wait until that has ended, or cancel it."
    assert reader.all_told == [Told(sentence, wrong=True, question=refused)]
    assert not any(view.finished for view in reader.progress("carry")), "the first one goes on"
    answers.gate.set()
    reader.settle()
    assert answers.answered == [Carry("stones")]


def test_a_task_begins_when_one_that_was_cancelled_has_ended(
    reader: Reader, answers: Answers
) -> None:
    held = threading.Event()

    def stubborn(asked: Struct, answer: Asked) -> None:
        answers.begun.append(asked)
        wait_until(held.is_set)

    answers.pass_gate = stubborn
    (first,) = reader.ask(Carry("stones"))
    wait_until(lambda: answers.begun)
    reader.service.cancel(first)
    (second,) = reader.ask(Carry("sand"))
    reader.ask(Say("between"))
    held.set()
    reader.settle()
    assert reader.all_told == []
    assert answers.begun.index(Carry("stones")) < answers.begun.index(Carry("sand"))
    finished = [view.question for view in reader.progress("carry") if view.finished]
    assert finished == [second], "it is one bar, which goes on"


# Ending


def test_what_waits_and_is_cancelled_is_never_answered(reader: Reader, answers: Answers) -> None:
    answers.gate.clear()
    _, second, _ = reader.ask(Say("a"), Say("b"), Say("c"))
    wait_until(lambda: answers.begun)
    reader.service.cancel(second)
    answers.gate.set()
    reader.settle()
    assert answers.answered == [Say("a"), Say("c")]


def test_what_is_being_answered_and_is_cancelled_ends_without_a_word(
    reader: Reader, answers: Answers
) -> None:
    answers.gate.clear()
    first, _ = reader.ask(Say("a"), Say("b"))
    wait_until(lambda: answers.begun)
    reader.service.cancel(first)
    wait_until(lambda: len(answers.begun) == 2)
    answers.gate.set()
    reader.settle()
    assert answers.answered == [Say("b")]
    assert reader.all_told == []


def test_without_a_number_what_shows_its_progress_is_cancelled(
    reader: Reader, answers: Answers
) -> None:
    answers.gate.clear()
    reader.ask(Carry("stones"))
    wait_until(lambda: answers.begun)
    reader.ask(Open("box"), Beside("still"))
    wait_until(lambda: len(answers.begun) == 3)
    reader.ask(Carry("sand"))
    reader.service.cancel()
    wait_until(lambda: reader.progress("carry")[-1].finished)
    answers.gate.set()
    reader.settle()
    assert answers.answered == [Beside("still")]
    assert reader.progress("open")[-1].finished
    assert reader.all_told == []


def test_a_task_that_is_cancelled_before_it_has_begun_never_begins() -> None:
    preparing, may_go_on = threading.Event(), threading.Event()
    worked: list[str] = []

    def prepare(asked: Carry, answer: Asked) -> Task:
        preparing.set()
        wait_until(may_go_on.is_set)
        return lambda: worked.append(asked.load)

    service = Service([Handler(Carry, prepare, "talk", busy="Busy.", progress="carry")])
    service.open()
    number = service.ask(Carry("stones"))
    wait_until(preparing.is_set)
    service.cancel(number)
    may_go_on.set()
    wait_until(lambda: service.rests)
    assert worked == []
    assert service.take() == [ProgressView("carry", 0, 0, finished=True, question=number)]
    assert service.close()


def test_it_closes_in_the_middle_of_everything(reader: Reader, answers: Answers) -> None:
    held = threading.Event()

    def stubborn(asked: Struct, answer: Asked) -> None:
        answers.begun.append(asked)
        wait_until(held.is_set)

    answers.pass_gate = stubborn
    reader.ask(Carry("stones"), Say("a"), Beside("b"), Many((1, 2, 3)), Say("never"))
    wait_until(lambda: len(answers.begun) == 5)
    assert not reader.service.close(0.0)
    reader.ask(Say("too late"))
    held.set()
    assert reader.service.close()
    reader.ask(Say("much too late"))
    assert len(answers.begun) == 5
    assert reader.service.told() == []
    assert reader.service.rests


def test_it_closes_before_it_was_opened_and_twice() -> None:
    assert Reader().service.close()
    reader = Reader()
    reader.ask(Say("early"))
    reader.service.open()
    wait_until(lambda: reader.heard() == ["early"])
    assert reader.service.close()
    assert reader.service.close()


# What goes wrong


def test_an_error_is_told_with_its_number_and_an_unexpected_one_is_logged(
    reader: Reader, expect_log: Callable[[str], None]
) -> None:
    expect_log("Drinking failed")
    numbers = reader.ask(Fail(expected=True), Fail(expected=False), Say("on we go"))
    reader.settle()
    assert reader.all_told == [
        Told("The cup is empty. Fill it.", wrong=True, question=numbers[0]),
        Told(
            "Drinking failed: ZeroDivisionError: division by zero.",
            wrong=True,
            question=numbers[1],
        ),
    ]
    assert reader.heard() == ["on we go"]


def test_a_task_that_breaks_is_told_and_another_can_begin(
    reader: Reader, answers: Answers, expect_log: Callable[[str], None]
) -> None:
    expect_log("What was asked last failed")

    def broken(asked: Struct, answer: Asked) -> None:
        raise OSError("no")

    good, answers.pass_gate = answers.pass_gate, broken
    (number,) = reader.ask(Carry("stones"))
    reader.settle()
    assert [(told.question, told.wrong) for told in reader.all_told] == [(number, True)]
    assert reader.progress("carry")[-1].finished
    answers.pass_gate = good
    reader.ask(Carry("sand"))
    reader.settle()
    assert answers.answered == [Carry("sand")]


# Subjects


def test_another_subject_ends_all_that_was_asked_of_the_one_before(
    reader: Reader, answers: Answers
) -> None:
    reader.ask(Open("first"))
    reader.settle()
    answers.gate.clear()
    may_open = threading.Event()
    pass_gate = answers.pass_gate

    def pass_one(asked: Struct, answer: Asked) -> None:
        if isinstance(asked, Open):
            answers.begun.append(asked)
            wait_until(may_open.is_set)
        else:
            pass_gate(asked, answer)

    answers.pass_gate = pass_one
    reader.ask(Carry("stones"), Many((1, 2, 3)), About("first"))
    wait_until(lambda: len(answers.begun) == 5)
    reader.ask(About("first again"), Open("second"), About("second"))
    wait_until(lambda: Open("second") in answers.begun)
    assert not any(view.finished for view in reader.progress("carry")), "it may not open"
    may_open.set()
    wait_until(lambda: "second" in reader.heard())
    answers.gate.set()
    reader.settle()
    assert reader.progress("carry")[-1].finished
    assert [each for each in answers.answered if isinstance(each, About)] == [About("second")]
    assert Many((3,)) not in answers.begun
    assert reader.all_told == []


def test_what_can_not_be_opened_ends_nothing(reader: Reader, answers: Answers) -> None:
    reader.ask(Open("first"))
    reader.settle()
    answers.gate.clear()
    reader.ask(Carry("stones"))
    wait_until(lambda: answers.begun[1:])
    reader.ask(Open("second", succeeds=False), About("first"))
    answers.gate.set()
    reader.settle()
    assert {"stones", "first"} <= set(reader.heard())
    assert [told.sentence for told in reader.all_told] == ["second can't be opened."]


def test_what_is_found_of_a_subject_that_has_gone_is_not_shown(
    reader: Reader, answers: Answers
) -> None:
    reader.ask(Open("first"))
    reader.settle()
    held = threading.Event()

    def stubborn(asked: Struct, answer: Asked) -> None:
        answers.begun.append(asked)
        if isinstance(asked, Many):
            wait_until(held.is_set)

    answers.pass_gate = stubborn
    reader.ask(Many((1,)))
    wait_until(lambda: Many((1,)) in answers.begun)
    reader.ask(Open("second"))
    wait_until(lambda: "second" in reader.heard())
    held.set()
    reader.settle()
    assert Many((1,)) in answers.answered
    assert str(Many((1,))) not in reader.heard()


def test_a_task_of_a_subject_that_has_gone_asks_for_nothing_in_turn(
    reader: Reader, answers: Answers
) -> None:
    may_carry = threading.Event()

    def pass_gate(asked: Struct, answer: Asked) -> None:
        answers.begun.append(asked)
        if isinstance(asked, Carry):
            wait_until(may_carry.is_set)
            answer.then(Say("stones"))

    answers.pass_gate = pass_gate
    reader.ask(Open("first"))
    reader.settle()
    reader.ask(Carry("stones"))
    wait_until(lambda: Carry("stones") in answers.begun)
    reader.ask(Open("second"))
    wait_until(lambda: "second" in reader.heard())
    may_carry.set()
    reader.settle()
    assert Say("stones") not in answers.begun


@pytest.mark.parametrize("opens", [True, False])
def test_what_follows_from_an_answer_is_of_the_same_subject(
    reader: Reader, answers: Answers, opens: bool
) -> None:
    """A task of the first subject asks in turn while the second is being opened: that is dropped
    where the second opens, and answered where it doesn't."""
    second = Open("second", opens)
    may_open, may_carry, asked_in_turn = (threading.Event() for _ in range(3))

    def pass_gate(asked: Struct, answer: Asked) -> None:
        answers.begun.append(asked)
        if asked == second:
            wait_until(may_open.is_set)
        if isinstance(asked, Carry):
            wait_until(may_carry.is_set)
            answer.then(About("stones"))
            asked_in_turn.set()

    answers.pass_gate = pass_gate
    reader.ask(Open("first"))
    reader.settle()
    reader.ask(Carry("stones"))
    wait_until(lambda: Carry("stones") in answers.begun)
    reader.ask(second)
    wait_until(lambda: second in answers.begun)
    may_carry.set()
    wait_until(asked_in_turn.is_set)
    may_open.set()
    reader.settle()
    assert (About("stones") in answers.answered) == (not opens)


def test_what_is_asked_in_turn_gives_way_to_what_a_person_asked_since() -> None:
    answers = Answers()
    begun, may_end = threading.Event(), threading.Event()
    outcomes: list[bool] = []

    def fetch(asked: Beside, answer: Asked) -> None:
        begun.set()
        wait_until(may_end.is_set)
        outcomes.append(answer.then_if_newest(Open(asked.words)))

    answers.say = fetch  # type: ignore[method-assign, assignment]
    service = Service(answers.handlers())
    service.open()
    for other in (None, Open("other")):
        service.ask(Beside("fetched"))
        wait_until(begun.is_set)
        if other is not None:
            service.ask(other)
        may_end.set()
        wait_until(lambda service=service: service.rests)
        begun.clear()
        may_end.clear()
    assert outcomes == [True, False]
    assert answers.answered == [Open("fetched"), Open("other")]
    assert service.close()


# However it is used

ACTIONS = st.lists(
    st.one_of(
        st.builds(Say, st.sampled_from("abc")),
        st.builds(Point, st.integers(0, 99)),
        st.builds(Open, st.sampled_from("xyz"), st.booleans()),
        st.builds(About, st.sampled_from("def")),
        st.builds(Carry, st.sampled_from(("stones", "sand"))),
        st.builds(Beside, st.sampled_from("ghi")),
        st.builds(Many, st.lists(st.integers(0, 5), max_size=4).map(tuple)),
        st.just(Fail(expected=True)),
        st.sampled_from(["cancel all", "cancel one", "read", "pause"]),
    ),
    max_size=25,
)


@settings(max_examples=100)
@given(st.lists(ACTIONS, min_size=1, max_size=3))
def test_whatever_is_asked_in_whatever_order_it_comes_to_rest(
    by_thread: list[list[Struct | str]],
) -> None:
    """Several threads ask and cancel at random."""
    reader = Reader()
    service, answers = reader.service, reader.answers
    service.open()
    lock = threading.Lock()
    numbers: dict[int, Struct] = {}
    cancelled: set[int] = set()

    def act(actions: list[Struct | str]) -> None:
        own = 0
        for action in actions:
            if isinstance(action, Struct):
                own = service.ask(action)
                with lock:
                    numbers[own] = action
            elif action == "cancel all":
                service.cancel()
            elif action == "cancel one":
                cancelled.add(own)
                service.cancel(own)
            elif action == "pause":
                time.sleep(0)
            else:
                with lock:
                    reader.read()

    threads = [threading.Thread(target=act, args=(actions,)) for actions in by_thread]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reader.settle()
    assert service.close(2.0)

    asked = [numbers[number] for number in sorted(numbers)]
    kept = [numbers[number] for number in sorted(numbers) if number not in cancelled]
    for kind in (Say, Beside):
        said = [each for each in answers.answered if isinstance(each, kind)]
        wanted = [each for each in kept if isinstance(each, kind)]
        if len(wanted) == sum(isinstance(each, kind) for each in asked):
            assert said == wanted
        else:
            assert len(wanted) <= len(said)
    points = [number for number in sorted(numbers) if isinstance(numbers[number], Point)]
    if points and points[-1] not in cancelled:
        assert numbers[points[-1]] in answers.answered
    assert all(told.question in numbers for told in reader.all_told)
    assert all(view.question in numbers for view in reader.views)
    sentences = {told.sentence.split()[0] for told in reader.all_told}
    assert sentences <= {"The", "Something", "x", "y", "z"}, "each has a cause"
    for what in ("open", "carry"):
        shown = reader.progress(what)
        assert not shown or shown[-1].finished


def test_many_questions_leave_nothing_behind(reader: Reader) -> None:
    """Their number by hand: CONVSCOPE_QUESTIONS=100000."""
    service, answers = reader.service, reader.answers

    def ask_many(count: int) -> None:
        for number in range(count):
            service.ask(Say("a"))
            service.ask(Point(number))
            service.ask(Fail(expected=True))
            service.ask(Open("x"))
            service.ask(Many((number % 7,)))
            if number % 50 == 49:
                wait_until(lambda: service.rests)
                service.take()
                service.told()
                answers.begun.clear()
                answers.answered.clear()

    ask_many(200)
    tracemalloc.start()
    try:
        ask_many(100)
        before, _ = tracemalloc.get_traced_memory()
        ask_many(QUESTIONS // 5)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 64 * 1024


def test_sentences_that_nobody_takes_are_bounded(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.telemetry import outlet

    monkeypatch.setattr(outlet, "MOST_EVENTS", 20)
    for _ in range(100):
        reader.ask(Fail(expected=True))
    wait_until(lambda: reader.service.rests)
    assert reader.service.told() == []
    (number,) = reader.ask(Fail(expected=True))
    wait_until(lambda: reader.service.rests)
    assert [told.question for told in reader.service.told()] == [number]
