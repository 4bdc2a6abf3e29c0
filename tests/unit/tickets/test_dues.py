"""What an issued citation owes: deadlines of the law, payments, objections and their decisions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from payesh.tickets.adapters.law_file import read_law
from payesh.tickets.domain import dues, objection, supervision
from payesh.tickets.domain.jalali_day import JalaliDay
from payesh.tickets.domain.law import Period, Terms
from payesh.tickets.domain.standing import Refusal, Standing, Step, Transition
from payesh.tickets.jalali import TEHRAN, end_of_day

NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
PAY_UNTIL, OBJECT_UNTIL = NOW + timedelta(days=60), NOW + timedelta(days=50)
LATER = timedelta(days=20)
FIXTURE = read_law(None)
ISSUED = Standing(
    "issued",
    "12ب34567",
    decided_by="sara",
    decided_at=NOW - timedelta(days=1),
    number="1405-semnan-1-00",
)


def taken(after: Standing | Refusal) -> Standing:
    assert isinstance(after, Standing), after
    return after


def notifying(**changes: object) -> dues.Notifying:
    values: dict[str, object] = {
        "by": "clerk",
        "at": NOW,
        "notified_at": NOW,
        "owed_rial": 2_000_000,
        "pay_until": PAY_UNTIL,
        "object_until": OBJECT_UNTIL,
    }
    return dues.Notifying(**{**values, **changes})  # type: ignore[arg-type]


NOTIFIED = taken(ISSUED.after(dues.NOTIFY, notifying()))


def objecting(at: datetime, received_at: datetime | None = None) -> objection.Objecting:
    return objection.Objecting(by="clerk", at=at, received_at=received_at or at)


OBJECTED = taken(NOTIFIED.after(objection.OBJECT, objecting(NOW)))


def judging(by: str = "omid", *barred: str) -> objection.Judging:
    return objection.Judging(
        by=by, at=NOW, barred=frozenset(barred), reason="why", pay_until=NOW + LATER
    )


def paying(amount: int, at: datetime = NOW) -> dues.Paying:
    return dues.Paying(by="clerk", at=at, amount_rial=amount, close_at=at + timedelta(hours=72))


def test_a_notification_counts_from_when_it_was_made_and_never_before_the_citation() -> None:
    assert (
        replace(
            ISSUED,
            state="notified",
            owed_rial=2_000_000,
            object_until=OBJECT_UNTIL,
            due_at=PAY_UNTIL,
        )
        == NOTIFIED
    )
    for at in (ISSUED.decided_at, NOW + timedelta(seconds=1)):
        assert at is not None
        early = notifying(notified_at=at - timedelta(microseconds=1) if at < NOW else at)
        assert ISSUED.refusal(dues.NOTIFY, early) is dues.NOTIFIED_BEFORE_ISSUE


def test_only_the_whole_amount_pays_and_what_is_paid_closes_when_it_is_settled() -> None:
    assert NOTIFIED.refusal(dues.PAY, paying(1_999_999)) is dues.AMOUNT_DIFFERS
    paid = taken(NOTIFIED.after(dues.PAY, paying(2_000_000)))
    before = Step(by=dues.THE_LAW, at=NOW + timedelta(hours=72) - timedelta(microseconds=1))
    assert paid.refusal(dues.CLOSE, before) is dues.NOT_DUE_BY_LAW
    closed = taken(paid.after(dues.CLOSE, replace(before, at=NOW + timedelta(hours=72))))
    assert (closed.state, closed.due_at) == ("closed", None)


@pytest.mark.parametrize(("doubles", "owed"), [(True, 4_000_000), (False, 2_000_000)])
def test_an_amount_doubles_once_and_only_where_the_law_says_so(doubles: bool, owed: int) -> None:
    falling = dues.FallingDue(by=dues.THE_LAW, at=PAY_UNTIL, doubles=doubles)
    early = replace(falling, at=PAY_UNTIL - timedelta(microseconds=1))
    assert NOTIFIED.refusal(dues.FALL_DUE, early) is dues.NOT_DUE_BY_LAW
    overdue = taken(NOTIFIED.after(dues.FALL_DUE, falling))
    assert (overdue.state, overdue.owed_rial, overdue.is_doubled) == ("overdue", owed, doubles)
    assert overdue.object_until is None
    paid = taken(overdue.after(dues.PAY, paying(owed, PAY_UNTIL)))
    until = PAY_UNTIL + LATER
    reversing = dues.Reversing(by="mina", at=PAY_UNTIL, note="bounced", pay_until=until)
    owing = taken(paid.after(dues.REVERSE_PAYMENT, reversing))
    assert owing.refusal(objection.OBJECT, objecting(PAY_UNTIL)) is objection.TOO_LATE_TO_OBJECT
    again = taken(owing.after(dues.FALL_DUE, replace(falling, at=until)))
    assert (again.owed_rial, again.is_doubled) == (owed, doubles)


def test_a_notification_that_never_arrived_leaves_nothing_owed() -> None:
    falling = dues.FallingDue(by=dues.THE_LAW, at=PAY_UNTIL, doubles=True)
    overdue = taken(NOTIFIED.after(dues.FALL_DUE, falling))
    withdrawing = dues.Withdrawing(by="mina", at=PAY_UNTIL, note="returned by the post")
    for standing in (NOTIFIED, overdue):
        back = taken(standing.after(dues.WITHDRAW_NOTIFICATION, withdrawing))
        assert back == replace(ISSUED, note="returned by the post")


def test_an_objection_counts_when_it_was_received_and_stops_the_time_to_pay() -> None:
    in_time = OBJECT_UNTIL - timedelta(microseconds=1)
    assert NOTIFIED.refusal(objection.OBJECT, objecting(OBJECT_UNTIL)) is (
        objection.TOO_LATE_TO_OBJECT
    )
    objected = taken(NOTIFIED.after(objection.OBJECT, objecting(PAY_UNTIL, in_time)))
    assert (objected.state, objected.due_at, objected.object_until) == ("objected", None, None)
    falling = dues.FallingDue(by=dues.THE_LAW, at=PAY_UNTIL + LATER, doubles=True)
    assert isinstance(objected.after(dues.FALL_DUE, falling), Refusal)
    assert isinstance(objected.after(dues.PAY, paying(2_000_000)), Refusal)


@pytest.mark.parametrize("by", ["sara", "reza"])
@pytest.mark.parametrize("how", [objection.UPHOLD, objection.CANCEL])
def test_who_had_a_part_in_a_citation_decides_no_objection_to_it(
    by: str, how: Transition[objection.Judging]
) -> None:
    assert OBJECTED.refusal(how, judging(by, "reza")) is objection.ANOTHER_OFFICER
    assert isinstance(OBJECTED.after(how, judging("omid", "reza")), Standing)


@given(amount=st.integers(-1, 3_000_000))
def test_a_reduced_amount_is_less_and_above_zero(amount: int) -> None:
    step = objection.Reducing(
        by="omid",
        at=NOW,
        barred=frozenset(),
        reason="why",
        pay_until=NOW + LATER,
        owed_rial=amount,
    )
    after = OBJECTED.after(objection.REDUCE, step)
    if 0 < amount < 2_000_000:
        assert taken(after).owed_rial == amount
    else:
        assert after is objection.NOT_LESS


def test_an_owner_who_insists_is_heard_once_more() -> None:
    upheld = taken(OBJECTED.after(objection.UPHOLD, judging()))
    assert (upheld.owed_rial, upheld.due_at) == (2_000_000, NOW + LATER)
    insisting = objection.Insisting(by="clerk", at=NOW, received_at=NOW, heard=1)
    late = replace(insisting, received_at=NOW + LATER, at=NOW + LATER)
    assert upheld.refusal(objection.INSIST, late) is objection.TOO_LATE_TO_OBJECT
    again = taken(upheld.after(objection.INSIST, insisting))
    assert again.state == "objected"
    second = taken(again.after(objection.UPHOLD, judging("zahra", "omid")))
    last = replace(insisting, heard=2)
    assert second.refusal(objection.INSIST, last) is objection.LAST_INSTANCE


def test_a_cancelled_citation_owes_nothing_and_a_void_one_has_no_deadline() -> None:
    cancelled = taken(OBJECTED.after(objection.CANCEL, judging()))
    assert cancelled.owed_rial == 0
    noted = supervision.Noted(by="mina", at=NOW, note="wrong street")
    for standing in (ISSUED, NOTIFIED, OBJECTED):
        void = taken(standing.after(supervision.MAKE_VOID, noted))
        assert (void.owed_rial, void.object_until, void.due_at) == (None, None, None)
    assert isinstance(cancelled.after(supervision.MAKE_VOID, noted), Refusal)


@example(moment=datetime(2010, 3, 4, 19, 47, 19, tzinfo=UTC), days=17)
@given(
    moment=st.integers(946_684_800, 1_893_456_000).map(lambda at: datetime.fromtimestamp(at, UTC)),
    days=st.integers(1, 730),
)
def test_a_deadline_in_days_ends_with_a_whole_day_in_tehran(moment: datetime, days: int) -> None:
    # Subtracted in UTC: a clock on the wall skips the midnight that summer time begins with.
    last = (end_of_day(moment, days) - timedelta(microseconds=1)).astimezone(TEHRAN)
    end = end_of_day(moment, days).astimezone(TEHRAN)
    assert (last.date() - moment.astimezone(TEHRAN).date()).days == days
    assert (end.hour, end.minute, end.second) in ((0, 0, 0), (1, 0, 0))  # no midnight in some years


def test_the_row_that_began_last_sets_the_deadlines() -> None:
    first = Terms(Period(None, None), 60, 60, 20, doubles=False, reference="1389, 5")
    later = replace(first, period=Period(JalaliDay(1405, 1, 1), None), payment_days=30)
    table = replace(FIXTURE, terms=(first, later))
    before, after = table.terms_on(JalaliDay(1404, 12, 29)), table.terms_on(JalaliDay(1405, 1, 1))
    assert (before, after) == (first, later)
    assert replace(FIXTURE, terms=()).terms_on(JalaliDay(1405, 1, 1)) is None
