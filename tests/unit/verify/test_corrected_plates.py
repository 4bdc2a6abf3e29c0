"""A plate that two officers read holds; every shorter way to another plate is refused."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from payesh.tickets.domain.readings import Correction
from payesh.verify.report import Report, verify
from tests.support.bundle_builder import bundle
from tests.support.evidence_keys import decide, trust

READ, CORRECTED = "12ب34567", "12ب34587"
AT = datetime.now(UTC)


@pytest.fixture(autouse=True)
def at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decision is signed within minutes: the tests before this one may have taken longer."""
    monkeypatch.setattr(sys.modules[__name__], "AT", datetime.now(UTC))


@pytest.fixture(scope="module")
async def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return await bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "citation"))


def correction(folder: Path, **changes: Any) -> Correction:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    first = Correction(
        drafted=READ,
        plate=CORRECTED,
        by="person:sara",
        at=AT,
        reason="the last digits",
        picture_sha256=manifest["shots"][0]["object"]["sha256"],
    )
    return replace(first, **changes)


def read_again(first: Correction, by: str = "person:reza", plate: str = CORRECTED) -> Correction:
    return replace(first, second_by=by, second_at=AT, second_plate=plate)


def correct(folder: Path, first: Correction) -> None:
    decide(folder, state="corrected", plate=READ, number=None, decided_at=AT, correction=first)


def confirm(folder: Path, both: Correction, officer: str = "person:reza") -> None:
    decide(folder, state="drafted", plate=CORRECTED, number=None, officer=officer, correction=both)


def broken(report: Report) -> dict[str, str]:
    return {each.subject: each.said.en for each in report.broken}


def test_a_plate_that_two_officers_read_holds_and_is_said(folder: Path) -> None:
    first = correction(folder)
    correct(folder, first)
    confirm(folder, read_again(first))
    decide(folder, plate=CORRECTED, correction=read_again(first))
    found = verify(folder, trust())
    assert found.holds, broken(found)
    said = {each.subject: each.said for each in found.findings}
    assert f"who reads the plate {CORRECTED}" in said["decisions/1.jws"].en
    assert f"plate {CORRECTED} as two officers read it" in said["decisions/3.jws"].en
    assert "به خوانش دو مأمور" in said["decisions/3.jws"].fa


def test_a_plate_that_the_second_officer_reads_otherwise_stays_as_it_was_read(folder: Path) -> None:
    first = correction(folder)
    correct(folder, first)
    disputed = read_again(first, plate="12ب34588")
    returned: dict[str, Any] = {"state": "returned", "plate": READ, "number": None}
    decide(folder, officer="person:reza", correction=disputed, **returned)
    decide(folder, correction=disputed)
    assert verify(folder, trust()).holds


def issue_at_once(folder: Path) -> None:
    decide(folder, plate=CORRECTED, reason="plate_corrected")


def issue_unconfirmed(folder: Path) -> None:
    correct(folder, correction(folder))
    decide(folder, plate=CORRECTED)


def confirm_alone(folder: Path) -> None:
    first = correction(folder)
    correct(folder, first)
    confirm(folder, read_again(first, "person:sara"), "person:sara")


def confirm_for_another(folder: Path) -> None:
    first = correction(folder)
    correct(folder, first)
    confirm(folder, read_again(first, "person:omid"))


def confirm_what_was_read_otherwise(folder: Path) -> None:
    first = correction(folder)
    correct(folder, first)
    confirm(folder, read_again(first, plate=READ))


def confirm_after_a_dispute(folder: Path) -> None:
    first = correction(folder)
    correct(folder, first)
    decide(folder, state="returned", plate=READ, number=None, officer="person:reza")
    confirm(folder, read_again(first))


def issue_to_the_read_plate_after_all(folder: Path) -> None:
    first = correction(folder)
    correct(folder, first)
    confirm(folder, read_again(first))
    decide(folder, plate=READ)


def correct_without_a_picture(folder: Path) -> None:
    correct(folder, correction(folder, picture_sha256="0" * 64))


def correct_without_a_reason(folder: Path) -> None:
    correct(folder, correction(folder, reason=""))


def correct_what_was_not_read(folder: Path) -> None:
    correct(folder, correction(folder, drafted=CORRECTED))


def correct_for_another(folder: Path) -> None:
    correct(folder, correction(folder, by="person:omid"))


@pytest.mark.parametrize(
    ("forge", "fault"),
    [
        (issue_at_once, "no officer corrected it"),
        (issue_unconfirmed, "who corrected its plate, person:sara, confirmed it too"),
        (confirm_alone, "who corrected its plate, person:sara, confirmed it too"),
        (confirm_for_another, "second_by is person:omid, not person:reza"),
        (confirm_what_was_read_otherwise, f"second_plate is {READ}, not {CORRECTED}"),
        (confirm_after_a_dispute, "no officer corrected it"),
        (issue_to_the_read_plate_after_all, f"not the one that stands, {CORRECTED}"),
        (correct_without_a_picture, "the picture that it was corrected from is not in"),
        (correct_without_a_reason, "its correction has no plate or reason"),
        (correct_what_was_not_read, f"correction.drafted is {CORRECTED}, not {READ}"),
        (correct_for_another, "correction.by is person:omid, not person:sara"),
    ],
)
def test_every_shorter_way_to_another_plate_is_refused(
    folder: Path, forge: Callable[[Path], None], fault: str
) -> None:
    forge(folder)
    last = sorted(path.name for path in (folder / "decisions").iterdir())[-1]
    found = broken(verify(folder, trust()))
    assert list(found) == [f"decisions/{last}"]
    assert fault in found[f"decisions/{last}"]
