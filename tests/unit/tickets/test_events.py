"""Events are made from what a citation is, over values alone."""

from datetime import timedelta

import pytest

from payesh.tickets.adapters.violations import citation_id_of
from payesh.tickets.domain import desk, finality
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.domain.standing import Standing, Step
from payesh.tickets.evidence.joined_case import JoinedCase
from payesh.tickets.handlers import events
from tests.support.citation_builder import DRAFTED_AT, EVIDENCE, LAW, stored_citation
from tests.support.violation_builder import plate_read, violation

DECIDED_AT = DRAFTED_AT + timedelta(minutes=2)
PLATE = "12ب34567"


def decided(transition: str) -> Standing:
    """A decision that became final at DECIDED_AT."""
    at = DECIDED_AT - timedelta(seconds=10)
    claimed = desk.drafted(PLATE).after(
        desk.CLAIM, desk.Claiming(by="sara", at=DRAFTED_AT, lease=timedelta(minutes=10))
    )
    assert isinstance(claimed, Standing)
    if transition == "issue":
        step = desk.Issuing(by="sara", at=at, plate=PLATE, priced=True, final_at=DECIDED_AT)
        undoable = claimed.after(desk.ISSUE, step)
        assert isinstance(undoable, Standing)
        number = finality.Numbering(by="sara", at=DECIDED_AT, number="1405-7")
        standing = undoable.after(finality.BECOME_ISSUED, number)
    else:
        reason = Rejection.WRONG_VEHICLE
        rejecting = desk.Rejecting(by="sara", at=at, reason=reason, final_at=DECIDED_AT)
        undoable = claimed.after(desk.REJECT, rejecting)
        assert isinstance(undoable, Standing)
        standing = undoable.after(finality.BECOME_REJECTED, Step(by="sara", at=DECIDED_AT))
    assert isinstance(standing, Standing)
    return standing


def test_an_issued_citation_is_published_with_number_law_and_officer() -> None:
    citation = stored_citation(standing=decided("issue"))
    event = events.citation_issued(citation)
    assert (event.citation_id, event.number, event.law) == (citation.citation_id, "1405-7", LAW)
    assert (event.officer, event.issued_at) == ("sara", DECIDED_AT)
    assert (event.camera_id, event.county, event.place_class) == ("camera-1", "semnan", "A")


def test_a_rejected_one_with_its_reason_and_officer_and_by_a_rule_without() -> None:
    citation = stored_citation(standing=decided("reject"))
    event = events.citation_rejected(citation)
    assert (event.reason, event.officer, event.rejected_at) == (
        "wrong_vehicle",
        "sara",
        DECIDED_AT,
    )
    seen = violation()
    by_rule = events.violation_rejected(seen, Rejection.NO_LAW, DECIDED_AT)
    assert (by_rule.reason, by_rule.officer) == ("no_law", None)
    assert by_rule.citation_id == citation_id_of(seen.violation_id)


def test_a_draft_is_published_with_what_it_rests_on() -> None:
    seen = violation()
    case = JoinedCase(citation_id_of(seen.violation_id), seen, plate_read(seen, PLATE), LAW, None)
    event = events.citation_drafted(case, EVIDENCE, DRAFTED_AT)
    assert (event.plate.text, event.rule, event.measurement) == (
        PLATE,
        "speeding",
        seen.measurement,
    )
    assert (event.manifest, event.clip) == (EVIDENCE.manifest, EVIDENCE.clip)
    with pytest.raises(ValueError, match="without a plate"):
        unread = JoinedCase(case.citation_id, seen, plate_read(seen, None), LAW, None)
        events.citation_drafted(unread, EVIDENCE, DRAFTED_AT)


@pytest.mark.parametrize("make", [events.citation_issued, events.citation_rejected])
def test_no_event_is_made_of_a_citation_that_does_not_stand_there(make: object) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match="has a"):
        make(stored_citation())
