"""A plate corrected by one officer, and read by a second one before it counts.

A citation is a debt of whoever the plate belongs to, so another plate is another person. The second
officer reads the picture without being shown what the first one read. Where both read the same, the
draft goes on with that plate; where they do not, a supervisor answers.
"""

from dataclasses import dataclass, replace

from payesh.tickets.domain.desk import (
    ALREADY_DECIDED,
    DRAFTED,
    HOLDER_ONLY,
    REJECTED,
    Claiming,
    held_for,
    released,
)
from payesh.tickets.domain.readings import Correction
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.domain.standing import Part, Refusal, Standing, State, Step, Transition
from payesh.tickets.domain.supervision import ANY_SUPERVISOR, RETURNED

CORRECTED = State(
    "corrected",
    "An officer corrected the plate; another officer has to read the same before it goes on.",
    held_as="confirming",
)

SAME_PLATE = Refusal("same-plate", "this is the plate that it has already")
SECOND_OFFICER = Refusal("second-officer", "another officer than who corrected the plate reads it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Correcting(Step):
    """`plate` is canonical text of a car plate, read from the picture of `picture_sha256`."""

    plate: str
    reason: str
    picture_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondReading(Step):
    """`plate` is canonical text; None where the officer reads none, `note` says why then."""

    plate: str | None
    note: str | None = None


def _another_plate(standing: Standing, step: Correcting) -> Refusal | None:
    return SAME_PLATE if step.plate == standing.plate_text else None


def _by_a_second_officer(standing: Standing, step: Step) -> Refusal | None:
    first = standing.correction
    return SECOND_OFFICER if first is None or first.by == step.by else None


def _corrected(standing: Standing, step: Correcting) -> Standing:
    before = standing.correction
    drafted = before.drafted if before is not None else standing.plate_text
    correction = Correction(
        drafted=drafted or "",
        plate=step.plate,
        by=step.by,
        at=step.at,
        reason=step.reason,
        picture_sha256=step.picture_sha256,
    )
    return replace(standing, correction=correction, note=step.reason)


def _read_again(standing: Standing, step: SecondReading) -> Correction:
    if standing.correction is None:
        raise ValueError("what is read again was corrected")
    return replace(
        standing.correction,
        second_by=step.by,
        second_at=step.at,
        second_plate=step.plate,
        second_note=step.note,
    )


def _confirmed(standing: Standing, step: SecondReading) -> Standing:
    # It comes to the officer who corrected it first; others may take it when that one is away.
    correction = _read_again(standing, step)
    return replace(
        standing,
        correction=correction,
        plate_text=correction.plate,
        returned_by=step.by,
        returned_to=correction.by,
        note=None,
    )


def _seen_again(standing: Standing, step: SecondReading) -> Standing:
    confirmed = _confirmed(standing, step)
    return replace(confirmed, reason=Rejection.SAME_OFFENCE, decided_by=step.by, decided_at=step.at)


def _disputed(standing: Standing, step: SecondReading) -> Standing:
    return replace(
        standing,
        correction=_read_again(standing, step),
        returned_by=step.by,
        returned_to=ANY_SUPERVISOR,
        note=step.note,
    )


_OPEN = frozenset({CORRECTED.name})
_READER_ONLY = (*HOLDER_ONLY, _by_a_second_officer)

CORRECT_PLATE: Transition[Correcting] = Transition(
    "correct_plate",
    frozenset({DRAFTED.name}),
    CORRECTED.name,
    (*HOLDER_ONLY, _another_plate),
    _corrected,
    ALREADY_DECIDED,
)
TAKE_CORRECTION: Transition[Claiming] = Transition(
    "take_correction", _OPEN, CORRECTED.name, (HOLDER_ONLY[0], _by_a_second_officer), held_for
)
RELEASE_CORRECTION: Transition[Step] = Transition(
    "release_correction", _OPEN, CORRECTED.name, HOLDER_ONLY, released
)
CONFIRM_PLATE: Transition[SecondReading] = Transition(
    "confirm_plate", _OPEN, DRAFTED.name, _READER_ONLY, _confirmed
)
CONFIRM_SEEN_AGAIN: Transition[SecondReading] = Transition(
    "confirm_seen_again", _OPEN, REJECTED.name, _READER_ONLY, _seen_again
)
"""With its own plate it is a further sighting of an offence that has a citation."""
DISPUTE_PLATE: Transition[SecondReading] = Transition(
    "dispute_plate", _OPEN, RETURNED.name, _READER_ONLY, _disputed
)

CORRECTION = Part(
    states=(CORRECTED,),
    transitions=(
        CORRECT_PLATE,
        TAKE_CORRECTION,
        RELEASE_CORRECTION,
        CONFIRM_PLATE,
        CONFIRM_SEEN_AGAIN,
        DISPUTE_PLATE,
    ),
)
