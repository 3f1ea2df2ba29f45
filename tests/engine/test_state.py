"""The state machine: the table below is read off the drawing in engine/state.py by hand."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import PhaseError
from engine.state import Phase, Status, Trigger, allows, follow

DRAWN = """
starting  started     idle

idle      load        loading

loading   loaded      ready
loading   resumed     paused

ready     start       training
ready     step        training
ready     epoch       training
ready     load        loading
ready     start_over  ready
ready     undo        paused
ready     redo        paused

training  pause       paused
training  hold        paused
training  end         finished
training  stop        finished
training  load        loading
training  start_over  ready
training  undo        paused
training  redo        paused

paused    start       training
paused    step        training
paused    epoch       training
paused    stop        finished
paused    load        loading
paused    start_over  ready
paused    undo        paused
paused    redo        paused

finished  start       training
finished  step        training
finished  epoch       training
finished  load        loading
finished  start_over  ready
finished  undo        paused
finished  redo        paused

failed    load        loading
failed    start_over  ready
failed    undo        paused
failed    redo        paused

starting  fail        failed
idle      fail        failed
loading   fail        failed
ready     fail        failed
training  fail        failed
paused    fail        failed
finished  fail        failed
failed    fail        failed
"""

TABLE = {
    (Phase(phase), Trigger(trigger)): Phase(goal)
    for phase, trigger, goal in (line.split() for line in DRAWN.split("\n") if line)
}
REFUSED = [(p, t) for p in Phase for t in Trigger if (p, t) not in TABLE]


@pytest.mark.parametrize(("phase", "trigger"), TABLE)
def test_a_drawn_transition_leads_where_it_is_drawn(phase: Phase, trigger: Trigger) -> None:
    assert allows(phase, trigger)
    assert follow(phase, trigger) is TABLE[phase, trigger]


@pytest.mark.parametrize(("phase", "trigger"), REFUSED)
def test_any_other_is_refused_with_a_sentence(phase: Phase, trigger: Trigger) -> None:
    assert not allows(phase, trigger)
    with pytest.raises(PhaseError) as refusal:
        follow(phase, trigger)
    sentence = str(refusal.value)
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert "_" not in sentence


def test_refusals_that_a_person_meets_say_what_to_do() -> None:
    with pytest.raises(PhaseError, match="Pause or stop it first"):
        follow(Phase.TRAINING, Trigger.START)
    with pytest.raises(PhaseError, match="Start resumes it"):
        follow(Phase.PAUSED, Trigger.PAUSE)


@given(st.lists(st.sampled_from(Trigger)))
def test_no_sequence_of_triggers_gets_lost(triggers: list[Trigger]) -> None:
    phase = Phase.STARTING
    for trigger in triggers:
        try:
            phase = follow(phase, trigger)
        except PhaseError:
            assert (phase, trigger) not in TABLE
        assert phase in Phase
        assert follow(phase, Trigger.FAIL) is Phase.FAILED
        assert follow(follow(phase, Trigger.FAIL), Trigger.LOAD) is Phase.LOADING
        assert follow(follow(phase, Trigger.FAIL), Trigger.START_OVER) is Phase.READY


def reached_from(phase: Phase, triggers: set[Trigger]) -> set[Phase]:
    reached, ahead = {phase}, deque([phase])
    while ahead:
        here = ahead.popleft()
        for trigger in triggers:
            if allows(here, trigger) and (there := follow(here, trigger)) not in reached:
                reached.add(there)
                ahead.append(there)
    return reached


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_leads_back_to_ready_or_idle(phase: Phase) -> None:
    assert reached_from(phase, set(Trigger) - {Trigger.FAIL}) & {Phase.READY, Phase.IDLE}


def test_every_phase_is_reached() -> None:
    assert reached_from(Phase.STARTING, set(Trigger)) == set(Phase)


def test_a_status_says_that_the_engine_starts() -> None:
    assert Status().phase is Phase.STARTING
    with pytest.raises(AttributeError):
        Status().step = 1  # type: ignore[misc]
