"""Who may do what to a citation, and when: the state machine and what is registered in it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payesh.contracts.vocabulary import RejectionReason
from payesh.tickets.domain import desk, life
from payesh.tickets.domain.desk import CLAIM, ISSUE, REJECT, Claiming, Issuing, Rejecting
from payesh.tickets.domain.dues import BY_THE_LAW
from payesh.tickets.domain.finality import BY_THE_SERVICE
from payesh.tickets.domain.rejection import OFFICER_REASONS, Rejection
from payesh.tickets.domain.standing import (
    NOT_IN_THIS_STATE,
    Hold,
    Part,
    Refusal,
    Standing,
    State,
    Step,
    Transition,
)
from payesh.tickets.domain.warning import BECOME_WARNED
from payesh.tickets.handlers import actions

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LEASE = timedelta(minutes=10)
UNDO_WITHIN = timedelta(seconds=10)
PLATE = "12ب34567"
DRAFT = desk.drafted(PLATE)


def held_by(officer: str, minutes: float = 5) -> Standing:
    return replace(DRAFT, hold=Hold(officer, NOW + timedelta(minutes=minutes)))


def claiming(officer: str, at: datetime = NOW) -> Claiming:
    return Claiming(by=officer, at=at, lease=LEASE)


def issuing(officer: str, plate: str = PLATE, at: datetime = NOW) -> Issuing:
    return Issuing(by=officer, at=at, plate=plate, priced=True, final_at=at + UNDO_WITHIN)


def rejecting(officer: str, at: datetime = NOW) -> Rejecting:
    return Rejecting(by=officer, at=at, reason=Rejection.WRONG_VEHICLE, final_at=at + UNDO_WITHIN)


def test_a_claim_keeps_others_out_until_it_runs_out() -> None:
    assert held_by("sara").after(CLAIM, claiming("reza")) is desk.CLAIMED_BY_ANOTHER
    assert held_by("sara", minutes=0).refusal(CLAIM, claiming("reza")) is None
    assert life.shown_state(held_by("sara"), NOW) == "claimed"
    assert life.shown_state(held_by("sara", minutes=0), NOW) == "drafted"


def test_the_holder_may_claim_again_and_the_lease_begins_anew() -> None:
    again = held_by("sara", minutes=1).after(CLAIM, claiming("sara"))
    assert again == replace(DRAFT, hold=Hold("sara", NOW + LEASE))


def test_only_who_holds_the_claim_decides() -> None:
    deciding: list[tuple[Transition[Any], Callable[[str], Step]]] = [
        (REJECT, rejecting),
        (ISSUE, issuing),
    ]
    for transition, step in deciding:
        assert held_by("sara").refusal(transition, step("sara")) is None
        assert held_by("sara").refusal(transition, step("reza")) is desk.CLAIMED_BY_ANOTHER
        assert DRAFT.refusal(transition, step("sara")) is desk.CLAIM_REQUIRED
        lapsed = held_by("sara", minutes=-1)
        assert lapsed.refusal(transition, step("sara")) is desk.CLAIM_REQUIRED


def test_a_citation_is_issued_to_the_drafted_plate_alone() -> None:
    assert held_by("sara").after(ISSUE, issuing("sara", "13ب34567")) is desk.PLATE_DIFFERS
    suspended = replace(issuing("sara"), camera_suspended=True)
    assert held_by("sara").after(ISSUE, suspended) is desk.CAMERA_SUSPENDED
    unpriced = replace(issuing("sara"), priced=False)
    assert held_by("sara").after(ISSUE, unpriced) is desk.UNPRICED
    decided = held_by("sara").after(ISSUE, issuing("sara"))
    final_at = NOW + UNDO_WITHIN
    assert decided == Standing(
        "decided", PLATE, decided_by="sara", decided_at=NOW, final_at=final_at
    )


@pytest.mark.parametrize("state", [desk.ISSUED, desk.REJECTED], ids=lambda state: state.name)
def test_what_is_decided_stays_decided(state: State) -> None:
    decided = replace(held_by("sara"), state=state.name)
    assert decided.refusal(CLAIM, claiming("sara")) is desk.ALREADY_DECIDED
    assert decided.refusal(REJECT, rejecting("sara")) is desk.ALREADY_DECIDED
    assert life.shown_state(decided, NOW) == state.name


def test_what_is_registered_is_a_machine() -> None:
    assert list(life.faults()) == []
    assert life.may_follow("drafted") == {"drafted", "decided", "returned", "corrected"}
    assert life.may_follow("corrected") == {"corrected", "drafted", "returned", "rejected"}
    assert life.may_follow("decided") == {"drafted", "issued", "rejected", "warned"}
    assert life.may_follow("returned") == {"drafted"}
    assert life.may_follow("issued") == {"void", "notified"}
    assert life.may_follow("notified") == {"paid", "objected", "overdue", "issued", "void"}
    assert life.may_follow("objected") == {"upheld", "reduced", "cancelled", "void"}
    assert life.may_follow("upheld") == life.may_follow("reduced")
    assert life.may_follow("upheld") == {"paid", "objected", "overdue", "void"}
    assert life.may_follow("overdue") == {"paid", "issued", "void"}
    assert life.may_follow("paid") == {"closed", "notified", "void"}
    assert life.may_follow("cancelled") == {"closed"}
    assert life.may_follow("closed") == frozenset()
    assert life.may_follow("rejected") == life.may_follow("void") == frozenset()
    assert life.may_follow("warned") == frozenset()
    names = {"drafted", "claimed", "decided", "issued", "rejected", "returned", "void"}
    names |= {"notified", "overdue", "paid", "closed"}
    names |= {"objected", "upheld", "reduced", "cancelled"}
    names |= {"corrected", "confirming", "warned"}
    assert life.vocabulary().keys() == names
    assert all(life.vocabulary().values())


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        (Part(states=(State("issued", "again"),)), "issued is registered twice"),
        (Part(states=(State("held", "x", held_as="claimed"),)), "claimed is registered twice"),
        (Part(states=(State("No Name", "x"),)), "No Name is no identifier"),
        (
            Part(transitions=(Transition("lose", frozenset({"issued"}), "lost"),)),
            "lose leaves or reaches lost, which is not registered",
        ),
    ],
)
def test_a_part_that_makes_no_machine_is_named(
    part: Part, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(life.PARTS, "test", part)
    assert list(life.faults()) == [fault]


def test_a_transition_from_another_state_is_refused_and_a_claim_ends_with_its_state() -> None:
    refer: Transition[Step] = Transition("refer", frozenset({"drafted"}), "referred")
    step = Step(by="sara", at=NOW)
    referred = held_by("sara").after(refer, step)
    assert referred == replace(DRAFT, state="referred")
    assert isinstance(referred, Standing)
    assert referred.after(refer, step) is NOT_IN_THIS_STATE
    assert life.shown_state(referred, NOW) == "referred"


def test_reasons_are_the_published_ones() -> None:
    assert {str(each) for each in Rejection} == {str(each) for each in RejectionReason}
    assert set(OFFICER_REASONS) < set(Rejection)


def test_every_transition_has_an_action_that_writes() -> None:
    declared = [each for each in vars(actions).values() if isinstance(each, actions.Action)]
    writing = {each.name for each in declared if each.writes}
    # They leave the citation where it stands.
    besides = {"second_look", "lift_suspension", "set_hold_aside", "warn_only"}
    besides |= {each for each in writing if "exemption" in each}
    of_objections = {"insist", "uphold", "reduce", "cancel"}  # by `object`, `decide_objection`
    taken = (writing - besides | of_objections) - {"decide_objection"}
    # What the second officer's reading leads to is the service's to find.
    found = {"confirm_seen_again"}
    by_itself = BY_THE_SERVICE | BY_THE_LAW | {BECOME_WARNED.name}
    assert taken == life.transitions().keys() - by_itself - found
    scopes = {each.scope for each in declared if each.writes}
    assert scopes == {f"citations:{each}" for each in ("decide", "supervise", "serve", "review")}
    assert {each.scope for each in declared if each.registers} == {"citations:serve"}
    assert actions.read_document("law.json") == actions.Action("read law.json", "evidence:read")


OFFICERS = st.sampled_from(["sara", "reza"])
ATTEMPTS = st.lists(
    st.tuples(
        st.sampled_from(["claim", "release", "issue", "reject"]),
        OFFICERS,
        st.sampled_from([PLATE, "13ب34567"]),
        st.integers(min_value=0, max_value=15),
    ),
    max_size=30,
)


@given(ATTEMPTS)
def test_however_officers_try_one_decides_and_only_while_its_claim_holds(
    attempts: list[tuple[str, str, str, int]],
) -> None:
    """Against a model that knows who claimed last, and until when."""
    standing, now = DRAFT, NOW
    holder, until, decided = "", NOW, False
    for name, officer, plate, minutes in attempts:
        now += timedelta(minutes=minutes)
        holds = now < until and not decided
        step = {
            "claim": Claiming(by=officer, at=now, lease=LEASE),
            "release": Step(by=officer, at=now),
            "issue": issuing(officer, plate, now),
            "reject": rejecting(officer, now),
        }[name]
        before = standing
        after = standing.after(life.transitions()[name], step)
        mine = holds and holder == officer
        allowed = not decided and (
            (not holds or mine) if name == "claim" else mine and (name != "issue" or plate == PLATE)
        )
        assert isinstance(after, Standing) is allowed
        assert standing == before, "a standing is a value: an attempt changes another"
        if isinstance(after, Refusal):
            continue
        standing = after
        assert standing.state in life.may_follow(before.state)
        if name == "claim":
            holder, until = officer, now + LEASE
        elif name == "release":
            until = now
        else:
            decided = True
        assert standing.holder(now) == (holder if name == "claim" else None)
        assert standing.number is None
        assert (standing.reason is not None) is (decided and name == "reject")
        assert (standing.decided_by is not None) is decided
        assert standing.plate_text == PLATE
