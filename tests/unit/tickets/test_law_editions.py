"""What people who keep the law rely on: what an edition changes, what is doubtful, who approves."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from payesh.tickets.adapters import law_formats
from payesh.tickets.adapters.law_file import LawDocument, TariffRow, law_file, read_law, table_of
from payesh.tickets.domain.jalali_day import JalaliDay
from payesh.tickets.domain.law import ANY, Period, Tariff
from payesh.tickets.domain.law_changes import changes_between, doubts_of
from payesh.tickets.domain.law_edition import EditionStanding, EditionState, Refused
from payesh.tickets.errors import LawTableInvalid

FIXTURE = read_law(None)
DOCUMENT = LawDocument.model_validate_json(law_file(None))
DAY = JalaliDay(1406, 1, 1)

texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40).filter(
    lambda text: text[:1] not in ("=", "+", "@")
)


def tariff(amount: int | None, first: JalaliDay | None, last: JalaliDay | None = None) -> Tariff:
    return Tariff("2002", Period(first, last), "A", ANY, ANY, amount, "decree", "")


@settings(deadline=None, max_examples=50)
@given(decree=texts.filter(bool), note=texts, amount=st.none() | st.integers(0, 2**50), title=texts)
def test_a_document_comes_back_from_csv_and_yaml_as_it_went_out(
    decree: str, note: str, amount: int | None, title: str
) -> None:
    row = TariffRow(
        code="2002",
        first="1399-01-01",
        last=None,
        place_class="A",
        vehicle_class="any",
        season="any",
        amount_rial=amount,
        decree=decree,
        note=note,
    )
    document = DOCUMENT.model_copy(
        update={"tariffs": (*DOCUMENT.tariffs[-2:], row), "title": title, "notes": (note,)}
    )
    assert law_formats.from_csv(law_formats.to_csv(document)) == document
    assert law_formats.from_yaml(law_formats.to_yaml(document)) == document


def test_the_document_of_a_table_is_that_table() -> None:
    assert table_of(LawDocument.of(FIXTURE), FIXTURE.sha256) == FIXTURE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name,title\nx,y\n",
        "kind,colour\ntable,red\n",
        "kind,name\ndecree,x\n",
        "kind,name,title,warning\ntable,a,b,c,d\n",
        "kind,name,title,warning,amount_rial\ntable,a,b,c,7\n",
        "kind,name,title,warning\ntable,=HYPERLINK(1),b,c\n",
        "kind,name,title,warning\n\0",
    ],
)
def test_csv_that_is_no_law_is_refused_in_words(text: str) -> None:
    with pytest.raises(LawTableInvalid, match=r"\w"):
        law_formats.from_csv(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "a: &a [1]\nb: *a\n",
        "!!python/object/apply:os.system [true]",
        "{" * 5000,
        "name: [",
        "? {a: b}\n: c\n",
    ],
)
def test_yaml_that_is_no_law_is_refused_in_words(text: str) -> None:
    with pytest.raises(LawTableInvalid, match=r"\w"):
        law_formats.from_yaml(text)


def test_what_an_edition_changes_is_named_by_row() -> None:
    dearer = replace(FIXTURE.tariffs[0], amount_rial=2_700_000)
    edition = replace(
        FIXTURE,
        tariffs=(dearer, *FIXTURE.tariffs[2:]),
        offences=FIXTURE.offences[1:],
        seasons=(*FIXTURE.seasons, replace(FIXTURE.seasons[0], name="yalda")),
    )
    found = changes_between(FIXTURE, edition)
    assert [(each.kind, each.key) for each in found] == [
        ("season", "yalda"),
        ("offence", "speeding over 0"),
        ("tariff", "2002 A any any from 1399-01-01"),
        ("tariff", "2002 B any any from 1399-01-01"),
    ]
    assert found[2].before is not None and found[2].before["amount_rial"] == 2_000_000
    assert found[2].after is not None and found[2].after["amount_rial"] == 2_700_000
    assert found[3].after is None
    assert changes_between(FIXTURE, FIXTURE) == []


def test_the_fixture_says_where_it_is_doubtful() -> None:
    doubts = list(map(str, doubts_of(FIXTURE)))
    assert any("speeding" in each and "0000" in each for each in doubts)
    assert sum(each.startswith("no amount") for each in doubts) == 3


@pytest.mark.parametrize(
    ("last", "first", "words"),
    [
        (JalaliDay(1405, 6, 31), JalaliDay(1405, 7, 1), None),
        (JalaliDay(1405, 12, 29), JalaliDay(1406, 1, 1), None),
        (JalaliDay(1405, 6, 3), JalaliDay(1405, 6, 4), None),
        (JalaliDay(1405, 6, 3), JalaliDay(1405, 6, 5), "no row between"),
        (JalaliDay(1405, 6, 28), JalaliDay(1405, 7, 1), "no row between"),
        (JalaliDay(1405, 6, 31), JalaliDay(1405, 6, 31), "two rows"),
        (None, JalaliDay(1405, 7, 1), "two rows"),
    ],
)
def test_days_without_a_row_and_with_two_are_doubts(
    last: JalaliDay | None, first: JalaliDay, words: str | None
) -> None:
    rows = (tariff(1, JalaliDay(1399, 1, 1), last), tariff(2, first))
    others = tuple(
        each for each in FIXTURE.tariffs if (each.code, each.place_class) != ("2002", "A")
    )
    before = list(map(str, doubts_of(FIXTURE)))
    doubts = list(map(str, doubts_of(replace(FIXTURE, tariffs=(*rows, *others)))))
    new = [each for each in doubts if each not in before]
    assert (words is None and not new) or (words is not None and words in new[0])


def test_a_code_without_a_row_for_a_place_is_a_doubt() -> None:
    rows = tuple(each for each in FIXTURE.tariffs if (each.code, each.place_class) != ("2004", "C"))
    assert "code 2004 has no row for place class C" in map(
        str, doubts_of(replace(FIXTURE, tariffs=rows))
    )


PEOPLE = st.sampled_from(["person:sara", "person:reza", "person:mina"])


class EditionLife(RuleBasedStateMachine):
    """Any order of what three people may try: only a second person puts an edition in force, and
    what is in force, or given up, does not change."""

    def __init__(self) -> None:
        super().__init__()
        self.standing = EditionStanding(EditionState.DRAFT, 1, DAY, ("person:sara",))
        self.wrote = {"person:sara"}

    @rule(by=PEOPLE, stale=st.booleans())
    def change(self, by: str, stale: bool) -> None:
        before = self.standing
        try:
            self.standing = before.changed(by, before.revision - stale, DAY)
        except Refused:
            assert stale or before.state is not EditionState.DRAFT
        else:
            assert not stale
            self.wrote.add(by)

    @rule(by=PEOPLE, faults=st.integers(0, 1))
    def propose(self, by: str, faults: int) -> None:
        before = self.standing
        try:
            self.standing = before.proposed(by, before.revision, faults)
        except Refused:
            assert faults or before.state is not EditionState.DRAFT
        else:
            assert not faults
            self.wrote.add(by)

    @rule(by=PEOPLE, stale=st.booleans())
    def approve(self, by: str, stale: bool) -> None:
        before = self.standing
        try:
            self.standing = before.approved(by, before.revision - stale)
        except Refused:
            assert stale or by in self.wrote or before.state is not EditionState.PROPOSED
        else:
            assert not stale and by not in self.wrote

    @precondition(lambda self: self.standing.state is EditionState.PROPOSED)
    @rule()
    def give_back(self) -> None:
        self.standing = self.standing.returned(self.standing.revision)

    @precondition(lambda self: self.standing.revision > 6)
    @rule()
    def withdraw(self) -> None:
        try:
            self.standing = self.standing.withdrawn(self.standing.revision)
        except Refused:
            assert self.standing.state in (EditionState.APPROVED, EditionState.WITHDRAWN)

    @invariant()
    def a_second_person_approved(self) -> None:
        approved = self.standing.state is EditionState.APPROVED
        assert approved == (self.standing.approved_by is not None)
        assert self.standing.approved_by not in self.standing.editors
        assert set(self.standing.editors) == self.wrote


TestEditionLife = EditionLife.TestCase
