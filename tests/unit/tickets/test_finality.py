"""A decision can be undone until it is final; what goes to a supervisor comes back; numbers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payesh.tickets.domain import desk, finality, supervision
from payesh.tickets.domain.numbering import citation_number, holds
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.domain.standing import Hold, Refusal, Standing, Step

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
FINAL_AT = NOW + timedelta(seconds=10)
PLATE = "12ب34567"
HELD = replace(desk.drafted(PLATE), hold=Hold("sara", NOW + timedelta(minutes=5)))
LEASE = timedelta(minutes=10)


def taken(after: Standing | Refusal) -> Standing:
    assert isinstance(after, Standing)
    return after


def decided(*, to_issue: bool) -> Standing:
    if to_issue:
        issuing = desk.Issuing(by="sara", at=NOW, plate=PLATE, priced=True, final_at=FINAL_AT)
        return taken(HELD.after(desk.ISSUE, issuing))
    rejecting = desk.Rejecting(by="sara", at=NOW, reason=Rejection.NO_OFFENCE, final_at=FINAL_AT)
    return taken(HELD.after(desk.REJECT, rejecting))


def undoing(by: str, at: datetime) -> finality.Undoing:
    return finality.Undoing(by=by, at=at, lease=LEASE)


def numbering(at: datetime) -> finality.Numbering:
    return finality.Numbering(by="sara", at=at, number="1405-semnan-1-00")


@pytest.mark.parametrize("to_issue", [True, False])
def test_its_officer_undoes_a_decision_until_it_is_final_and_holds_the_draft(
    to_issue: bool,
) -> None:
    standing = decided(to_issue=to_issue)
    before, after = FINAL_AT - timedelta(microseconds=1), FINAL_AT
    undone = standing.after(finality.UNDO, undoing("sara", before))
    assert undone == replace(HELD, hold=Hold("sara", before + LEASE))
    assert standing.refusal(finality.UNDO, undoing("reza", before)) is finality.NOT_YOURS
    assert standing.refusal(finality.UNDO, undoing("sara", after)) is finality.TOO_LATE


def test_a_decision_becomes_final_when_it_is_due_and_as_it_was_decided() -> None:
    to_issue, to_reject = decided(to_issue=True), decided(to_issue=False)
    early = numbering(FINAL_AT - timedelta(microseconds=1))
    assert to_issue.refusal(finality.BECOME_ISSUED, early) is finality.NOT_DUE
    issued = taken(to_issue.after(finality.BECOME_ISSUED, numbering(FINAL_AT)))
    assert (issued.state, issued.number, issued.decided_at) == (
        "issued",
        "1405-semnan-1-00",
        FINAL_AT,
    )
    assert issued.refusal(finality.UNDO, undoing("sara", NOW)) is finality.TOO_LATE
    due = Step(by="sara", at=FINAL_AT)
    rejected = taken(to_reject.after(finality.BECOME_REJECTED, due))
    assert (rejected.state, rejected.reason, rejected.number) == ("rejected", "no_offence", None)
    wrong = finality.OTHER_DECISION
    assert to_issue.refusal(finality.BECOME_REJECTED, due) is wrong
    assert to_reject.refusal(finality.BECOME_ISSUED, numbering(FINAL_AT)) is wrong


def test_what_a_supervisor_answered_is_no_reason_of_the_issued_citation() -> None:
    """A statement of it would be signed with that reason."""
    answered = replace(decided(to_issue=True), note="the car on the left, of Mr X")
    issued = taken(answered.after(finality.BECOME_ISSUED, numbering(FINAL_AT)))
    assert (issued.reason, issued.note) == (None, None)


def test_a_returned_draft_comes_back_with_an_answer_to_who_returned_it() -> None:
    to = supervision.ANY_SUPERVISOR
    returning = supervision.Returning(by="sara", at=NOW, to=to, note="two cars")
    returned = taken(HELD.after(supervision.RETURN, returning))
    assert (returned.state, returned.hold, returned.returned_to) == ("returned", None, to)
    reza = replace(returning, by="reza")
    assert HELD.refusal(supervision.RETURN, reza) is desk.CLAIMED_BY_ANOTHER
    answer = supervision.Noted(by="mina", at=NOW, note="the left one")
    back = taken(returned.after(supervision.GIVE_BACK, answer))
    assert back == replace(
        desk.drafted(PLATE), returned_by="mina", returned_to="sara", note="the left one"
    )


def test_what_was_issued_is_voided_and_keeps_its_number() -> None:
    reason = supervision.Noted(by="mina", at=FINAL_AT, note="the camera had moved")
    assert isinstance(decided(to_issue=True).after(supervision.MAKE_VOID, reason), Refusal)
    issued = taken(decided(to_issue=True).after(finality.BECOME_ISSUED, numbering(FINAL_AT)))
    voided = taken(issued.after(supervision.MAKE_VOID, reason))
    assert (voided.state, voided.number, voided.note) == ("void", issued.number, reason.note)
    assert isinstance(voided.after(supervision.MAKE_VOID, reason), Refusal)


NUMBERS = st.builds(
    citation_number,
    st.integers(1400, 1499),
    st.sampled_from(["semnan", "shahrud", "county-7", "a.b_c"]),
    st.integers(1, 10**9),
)


@given(NUMBERS, st.data())
def test_a_wrong_or_swapped_character_of_a_number_is_found(
    number: str, data: st.DataObject
) -> None:
    assert holds(number)
    at = data.draw(st.sampled_from([n for n, each in enumerate(number) if each.isalnum()]))
    alphabet = "0123456789" if number[at].isdigit() else "abcdefghijklmnopqrstuvwxyz"
    other = data.draw(st.sampled_from([each for each in alphabet if each != number[at]]))
    assert not holds(number[:at] + other + number[at + 1 :])
    if number[at + 1 : at + 2].isdigit() and number[at].isdigit() and number[at] != number[at + 1]:
        assert not holds(number[:at] + number[at + 1] + number[at] + number[at + 2 :])
