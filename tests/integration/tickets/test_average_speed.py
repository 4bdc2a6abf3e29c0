"""An average speed is drafted from two reads and two cameras' evidence, whichever comes first."""

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from payesh.contracts import Event, ViolationDetected
from payesh.contracts.values import ClockSource
from payesh.local.engines import EngineSet
from payesh.tickets.adapters import citations
from payesh.tickets.adapters.law_file import read_law
from payesh.tickets.pages.queue.cards import CitationCard, card_of
from payesh.verify.report import verify
from tests.integration.tickets.conftest import Office
from tests.support.average_speed_builder import AverageSpeedCase, average_speed_case
from tests.support.engine_settings import store_of
from tests.support.evidence_keys import trust
from tests.support.violation_builder import CERTIFICATE


@pytest.fixture
def store(engines: EngineSet) -> Any:
    return store_of(engines)


async def drafted(office: Office, case: AverageSpeedCase) -> dict[str, Any]:
    await office.publish(*case.reads, case.violation)
    return await office.outcome(case.violation)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_both_reads_and_the_violation_become_one_draft_in_any_order(
    office: Office, store: Any, order: tuple[int, ...]
) -> None:
    case = await average_speed_case(store)
    events: list[Event] = [*case.reads, case.violation]
    for number in order:
        await office.publish(events[number], events[number])
    found = await office.outcome(case.violation)
    assert (found["state"], found["rule"]) == ("drafted", "average_speed")
    assert found["law"]["offence_code"] == "2002"
    entry = found["evidence"]["entry"]
    assert (entry["camera_id"], entry["shots"]) == ("stretch-entry", 2)
    assert entry["driven"]["least_way_m"] == 994.0


async def test_the_archive_of_both_cameras_verifies_and_each_part_is_read_and_recorded(
    office: Office, store: Any, tmp_path: Path
) -> None:
    case = await average_speed_case(store)
    path = f"/v1/citations/{(await drafted(office, case))['citation_id']}"
    async with office.client("average") as http:
        archive = await http.get(f"{path}/evidence.zip")
        clip = await http.get(f"{path}/entry/clip")
        part = await http.get(f"{path}/entry/clip", headers={"Range": "bytes=4-7"})
        shots = [await http.get(f"{path}/entry/shots/{number}") for number in range(3)]
        read = await http.get(f"{path}/entry/documents/read.json")
        other = await http.get(f"{path}/documents/read.json")
        law = await http.get(f"{path}/entry/documents/law.json")
    (tmp_path / "evidence.zip").write_bytes(archive.content)
    report = verify(tmp_path / "evidence.zip", trust())
    assert report.holds, report.broken
    assert "entry custody" in {each.subject for each in report.findings}
    assert clip.content.startswith(b"init" * 9)
    assert (part.status_code, part.content) == (206, b"init")
    assert [each.status_code for each in shots] == [200, 200, 404]
    assert read.json()["passage_id"] == str(case.reads[0].passage_id)
    assert other.json()["passage_id"] == str(case.reads[1].passage_id)
    assert law.status_code == 404
    records = await office.audited("average", 6)
    assert {"read entry clip", "read entry shot", "read entry/read.json"} <= {
        each.action for each in records
    }


async def test_a_citation_of_one_camera_has_no_entry(office: Office) -> None:
    citation_id = await office.draft()
    async with office.client() as http:
        for part in ("entry/clip", "entry/shots/0", "entry/documents/read.json"):
            assert (await http.get(f"/v1/citations/{citation_id}/{part}")).status_code == 404


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"entry_plate": "98ی76543"}, "unreadable"),
        ({"confidences": (0.5, 0.96)}, "unreadable"),
        ({"confidences": (0.96, 0.5)}, "unreadable"),
        ({"certificates": (None, CERTIFICATE)}, "certificate_invalid"),
        ({"certificates": (CERTIFICATE, None)}, "certificate_invalid"),
        ({"took_s": 59.6}, "within_tolerance"),
    ],
)
async def test_what_one_of_both_cameras_does_not_carry_is_rejected(
    office: Office, store: Any, changes: dict[str, Any], reason: str
) -> None:
    found = await drafted(office, await average_speed_case(store, **changes))
    assert (found["state"], found["reason"]) == ("rejected", reason)
    assert found["plate"] is None


def _unverified(seen: ViolationDetected) -> dict[str, Any]:
    assert seen.entry_passage is not None
    changed = {"clock_source": ClockSource.UNVERIFIED}
    return {"entry_passage": seen.entry_passage.model_copy(update=changed)}


def _without_entry(_: ViolationDetected) -> dict[str, Any]:
    return {"entry_passage": None}


def _without_stretch(_: ViolationDetected) -> dict[str, Any]:
    return {"driven": None}


def _vague_clock(seen: ViolationDetected) -> dict[str, Any]:
    assert seen.entry_passage is not None
    return {"entry_passage": seen.entry_passage.model_copy(update={"clock_u95_ms": 501.0})}


def _another_stretch(seen: ViolationDetected) -> dict[str, Any]:
    assert seen.driven is not None
    shorter = seen.driven.stretch.model_copy(update={"way_u95_m": 0.0})
    return {"driven": seen.driven.model_copy(update={"stretch": shorter})}


def _broken_chain(seen: ViolationDetected) -> dict[str, Any]:
    assert seen.entry_passage is not None
    first, second, *others = seen.entry_passage.segments
    links = (second, first, *others)
    return {"entry_passage": seen.entry_passage.model_copy(update={"segments": links})}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_unverified, "clock_unverified"),
        (_vague_clock, "clock_unverified"),
        (_without_entry, "no_law"),
        (_without_stretch, "no_law"),
        (_another_stretch, "evidence_missing"),
        (_broken_chain, "evidence_missing"),
    ],
)
async def test_an_average_speed_that_its_evidence_does_not_carry_is_rejected(
    office: Office, store: Any, change: Any, reason: str
) -> None:
    case = await average_speed_case(store)
    changed = case.violation.model_copy(update=change(case.violation))
    found = await drafted(office, replace(case, violation=changed))
    assert (found["state"], found["reason"]) == ("rejected", reason)


async def test_the_page_shows_both_cameras(office: Office, store: Any) -> None:
    case = await average_speed_case(store)
    citation_id = UUID((await drafted(office, case))["citation_id"])
    async with office.database.transaction() as session:
        citation = await citations.find(session, citation_id)
    assert citation is not None
    card = card_of(citation, read_law(None), "sara")
    assert isinstance(card, CitationCard)
    assert card.law.title == "سرعت متوسط غیرمجاز، بیش از ۳۰ تا ۵۰ کیلومتر بر ساعت"
    assert card.entry is not None
    facts = dict(card.entry.facts)
    assert facts["زمان پیموده"].startswith("۳۶٫۰ ثانیه")
    assert "۹۹۴٫۰ متر" in facts["کوتاه‌ترین راه"]
