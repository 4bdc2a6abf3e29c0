"""An authority's time-stamp of a decision, and whatever is no time-stamp of it."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from payesh.tickets.evidence.statement import Statement
from payesh.verify import decisions
from payesh.verify.findings import Verdict
from payesh.verify.report import Report, verify
from payesh.verify.statements import TIME_STAMP_TYP, Trust
from payesh.verify.time_stamps import claims_of, file_name
from tests.support.bundle_builder import bundle
from tests.support.evidence_keys import KEYS, decide, trust
from tests.support.time_stamp_authority import Authority, needs_openssl, stamp

pytestmark = needs_openssl


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made(tmp_path_factory.mktemp("authority") / "own")


@pytest.fixture
async def folder(tmp_path: Path, authority: Authority) -> Path:
    """A bundle that was issued and voided, each decision stamped."""
    built = await bundle(tmp_path)
    for state in ("issued", "void"):
        decided = decide(built, state=state)
        stamp(built, decided.read_text("ascii"), int(decided.stem), authority)
    return built


def broken(report: Report) -> dict[str, str]:
    return {each.subject: each.said.en for each in report.broken}


def of(report: Report, name: str) -> Verdict:
    return next(each.verdict for each in report.findings if each.subject == name)


def trusting(authority: Authority) -> Trust:
    return trust(authorities=authority.roots)


def test_a_stamped_decision_holds_and_says_by_when_it_was_signed(
    folder: Path, authority: Authority
) -> None:
    report = verify(folder, trusting(authority))
    assert report.holds, broken(report)
    assert [of(report, file_name(number)) for number in (1, 2)] == [Verdict.HOLDS] * 2
    assert any(each.en.startswith("how long before 20") for each in report.not_proved)
    without = verify(folder, trust())
    assert without.holds, "a bundle is no worse for a stamp that is not checked"
    assert of(without, file_name(1)) is Verdict.NOT_CHECKED
    assert any(each.en.startswith("when it was signed") for each in without.not_proved)


def test_an_authority_that_is_not_trusted_proves_nothing(
    folder: Path, authority: Authority, tmp_path: Path
) -> None:
    other = Authority.made(tmp_path / "other")
    found = broken(verify(folder, trusting(other)))
    assert found.keys() == {file_name(1), file_name(2)}
    assert "the authority's signature does not hold" in found[file_name(1)]
    stamp(folder, (folder / decisions.file_name(2)).read_text("ascii"), 2, other)
    assert broken(verify(folder, trusting(authority))).keys() == {file_name(2)}


def test_a_stamp_of_another_statement_is_refused(folder: Path, authority: Authority) -> None:
    first, second = (folder / file_name(number) for number in (1, 2))
    bodies = first.read_bytes(), second.read_bytes()
    first.write_bytes(bodies[1])
    assert broken(verify(folder, trusting(authority))).keys() == {file_name(1)}
    first.write_bytes(bodies[0])
    # The service's own key signs another statement's answer as this one's.
    statement = (folder / decisions.file_name(1)).read_text("ascii")
    asked = TimestampRequestBuilder(data=b"another", hash_algorithm=HashAlgorithm.SHA256).build()
    claims = claims_of(statement, folder.name, authority.stamp(asked.as_bytes()))
    first.write_text(KEYS.sign(Statement(TIME_STAMP_TYP, claims)), "ascii")
    for trusted in (trusting(authority), trust()):
        assert "what it is of" in broken(verify(folder, trusted))[file_name(1)]
    claims = {**claims, "answer": "bm8gYW5zd2Vy"}
    first.write_text(KEYS.sign(Statement(TIME_STAMP_TYP, claims)), "ascii")
    assert broken(verify(folder, trust())).keys() == {file_name(1)}


def test_a_stamp_without_its_decision_is_refused(folder: Path, authority: Authority) -> None:
    (folder / file_name(3)).write_bytes((folder / file_name(2)).read_bytes())
    assert broken(verify(folder, trusting(authority))) == {file_name(3): "no statement names it"}


def test_a_stamp_older_than_its_decision_is_refused(folder: Path, authority: Authority) -> None:
    late = replace(trusting(authority), now=trust().now + 7200)
    keys = type(KEYS)(KEYS._keys, clock_s=lambda: late.now - 60)
    decided = decide(
        folder, state="void", keys=keys, decided_at=datetime.fromtimestamp(late.now - 60, UTC)
    )
    stamp(folder, decided.read_text("ascii"), 3, authority)
    assert broken(verify(folder, late)) == {file_name(3): "it is older than what it is of"}


def test_no_byte_of_a_stamp_can_be_changed(folder: Path, authority: Authority) -> None:
    path = folder / file_name(1)
    whole = path.read_bytes()
    chance = random.Random(7)  # noqa: S311 - repeatable on purpose
    for place in chance.sample(range(len(whole)), 200):
        flipped = whole[place] ^ (1 << chance.randrange(8))
        path.write_bytes(whole[:place] + bytes([flipped]) + whole[place + 1 :])
        for trusted in (trusting(authority), trust()):
            assert broken(verify(folder, trusted)).keys() == {file_name(1)}, place
