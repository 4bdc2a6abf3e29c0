"""States and transitions of the officers' desk: claim, release, issue, reject."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from payesh.tickets.domain.holds import HoldKind
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.domain.standing import Hold, Part, Refusal, Standing, State, Step, Transition

DRAFTED = State(
    "drafted", "Evidence is stored and locked; an officer may claim it.", held_as="claimed"
)
DECIDED = State(
    "decided", "An officer decided and may still undo it: it has no number and is not published."
)
ISSUED = State("issued", "An officer issued it to the drafted plate, under a number.")
REJECTED = State("rejected", "It ended without a fine: by an officer, or by a rule before any.")

ALREADY_DECIDED = Refusal("already-decided", "this citation is decided")
CLAIMED_BY_ANOTHER = Refusal("claimed-by-another", "another officer holds this citation")
CLAIM_REQUIRED = Refusal("claim-required", "claim this citation first; a claim may have run out")
PLATE_DIFFERS = Refusal(
    "plate-differs",
    "the plate is not the drafted one: correct it, or reject with plate_wrong",
)

UNPRICED = Refusal(
    "unpriced", "the law has no amount, or no known code, for this: it cannot be issued"
)
CAMERA_SUSPENDED = Refusal(
    "camera-suspended", "the camera is suspended: its citations are not issued until it is lifted"
)
EXEMPT_VEHICLE = Refusal(
    "exempt-vehicle", "the vehicle is exempt: reject it so, or return it to a supervisor"
)
HELD = {
    HoldKind.CLASS_MISMATCH: Refusal(
        "class-mismatch", "no such vehicle has such plates: correct the plate, reject or return it"
    ),
    HoldKind.CLONED_PLATE: Refusal(
        "cloned-plate", "the plate was seen elsewhere at a time that no vehicle can make"
    ),
    HoldKind.READERS_DISAGREE: Refusal(
        "readers-disagree", "a second reader did not read this plate: correct it, reject or return"
    ),
    HoldKind.SECOND_READING_MISSING: Refusal(
        "second-reading-missing", "a second reading is required: correct, reject or return it"
    ),
}
HELD_OTHERWISE = Refusal("held", "a hold of this draft lasts")
NOT_EXEMPT = Refusal("not-exempt", "no exemption that two persons approved holds this draft")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claiming(Step):
    lease: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuing(Step):
    """`plate` is canonical text, given by the officer to confirm the drafted one; `priced` says
    whether the law has an amount and a code for the offence, `camera_suspended` whether its camera
    is suspended, `exempt` whether an exemption holds the draft, `held` for what else it is held. It
    can be undone until `final_at`."""

    plate: str
    priced: bool
    final_at: datetime
    camera_suspended: bool = False
    exempt: bool = False
    held: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejecting(Step):
    """It can be undone until `final_at`; `exempt` says whether an exemption holds the draft."""

    reason: Rejection
    final_at: datetime
    exempt: bool = False


def drafted(plate_text: str) -> Standing:
    """Where a citation begins whose evidence is stored."""
    return Standing(DRAFTED.name, plate_text)


def rejected_by_rule(reason: Rejection) -> Standing:
    """Where a citation begins and ends that no officer sees; it keeps no plate."""
    return Standing(REJECTED.name, reason=reason)


def seen_again(plate_text: str) -> Standing:
    """Where a further sighting of an offence begins and ends; its plate is of that offence."""
    return Standing(REJECTED.name, plate_text, reason=Rejection.SAME_OFFENCE)


def _not_held_by_another(standing: Standing, step: Step) -> Refusal | None:
    return None if standing.holder(step.at) in (None, step.by) else CLAIMED_BY_ANOTHER


def _held(standing: Standing, step: Step) -> Refusal | None:
    return None if standing.holder(step.at) is not None else CLAIM_REQUIRED


def _plate_is_the_drafted_one(standing: Standing, step: Issuing) -> Refusal | None:
    return None if step.plate == standing.plate_text else PLATE_DIFFERS


def _priced(_: Standing, step: Issuing) -> Refusal | None:
    return None if step.priced else UNPRICED


def _camera_in_use(_: Standing, step: Issuing) -> Refusal | None:
    return CAMERA_SUSPENDED if step.camera_suspended else None


def _not_exempt(_: Standing, step: Issuing) -> Refusal | None:
    return EXEMPT_VEHICLE if step.exempt else None


def _not_held(_: Standing, step: Issuing) -> Refusal | None:
    # A kind that a newer version placed holds as well.
    refusals = {str(kind): refusal for kind, refusal in HELD.items()}
    return next((refusals.get(kind, HELD_OTHERWISE) for kind in step.held), None)


def _exempt_where_it_is_the_reason(_: Standing, step: Rejecting) -> Refusal | None:
    # An officer's word alone exempts no vehicle.
    return NOT_EXEMPT if step.reason is Rejection.EXEMPT_VEHICLE and not step.exempt else None


def held_for(standing: Standing, step: Claiming) -> Standing:
    """The effect of a claim: the officer holds it for the lease."""
    return replace(standing, hold=Hold(step.by, step.at + step.lease))


def released(standing: Standing, _: Step) -> Standing:
    """The effect of giving a claim up."""
    return replace(standing, hold=None)


def _issued(standing: Standing, step: Issuing) -> Standing:
    return replace(standing, decided_by=step.by, decided_at=step.at, final_at=step.final_at)


def _rejected(standing: Standing, step: Rejecting) -> Standing:
    return replace(
        standing,
        reason=step.reason,
        decided_by=step.by,
        decided_at=step.at,
        final_at=step.final_at,
    )


_UNDECIDED = frozenset({DRAFTED.name})
HOLDER_ONLY = (_not_held_by_another, _held)
"""Only the officer who holds the claim decides, so that no two decide one citation."""

CLAIM: Transition[Claiming] = Transition(
    "claim", _UNDECIDED, DRAFTED.name, (_not_held_by_another,), held_for, ALREADY_DECIDED
)
RELEASE: Transition[Step] = Transition(
    "release", _UNDECIDED, DRAFTED.name, HOLDER_ONLY, released, ALREADY_DECIDED
)
ISSUE: Transition[Issuing] = Transition(
    "issue",
    _UNDECIDED,
    DECIDED.name,
    (*HOLDER_ONLY, _priced, _camera_in_use, _not_exempt, _not_held, _plate_is_the_drafted_one),
    _issued,
    ALREADY_DECIDED,
    is_signed=False,
)
REJECT: Transition[Rejecting] = Transition(
    "reject",
    _UNDECIDED,
    DECIDED.name,
    (*HOLDER_ONLY, _exempt_where_it_is_the_reason),
    _rejected,
    ALREADY_DECIDED,
    is_signed=False,
)


DESK = Part(
    states=(DRAFTED, DECIDED, ISSUED, REJECTED), transitions=(CLAIM, RELEASE, ISSUE, REJECT)
)
