"""A plate is corrected by one officer and counts when another, not told, has read the same."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from sqlalchemy import update

from payesh.contracts import CitationIssued
from payesh.tickets.adapters import citation_steps
from payesh.tickets.adapters.tables import citations
from payesh.tickets.main import create
from payesh.verify.report import verify
from tests.integration.tickets.conftest import Office
from tests.integration.tickets.test_evidence_export import export, faults
from tests.integration.tickets.test_exemptions import exemption
from tests.support.evidence_keys import trust
from tests.support.problems import problem
from tests.support.serving import served
from tests.support.violation_builder import CAPTURED_AT

READ, CORRECTED = "12ب34567", "12ب34587"
CORRECTION = {"plate": "۱۲ ب ۳۴۵ - ۸۷", "reason": "رقم ششم هشت است", "shot": 1}


@pytest.fixture
def county() -> str:
    return f"county-{uuid4().hex[:8]}"


async def corrected(
    office: Office,
    http: httpx.AsyncClient,
    county: str,
    *,
    drafted: str = READ,
    plate: str = CORRECTED,
) -> UUID:
    """A draft of the county that this officer claimed and corrected to `plate`."""
    citation_id = await office.draft(drafted, county=county)
    path = f"/v1/citations/{citation_id}"
    assert (await http.post(f"{path}/claim")).is_success
    answer = await http.post(f"{path}/correct-plate", json={**CORRECTION, "plate": plate})
    assert answer.is_success, answer.text
    assert answer.json()["state"] == "corrected"
    return citation_id


async def test_what_two_officers_read_is_issued_signed_and_published(
    office: Office, tmp_path: Path
) -> None:
    async with office.client("sara") as sara, office.client("reza") as reza:
        citation_id = await corrected(office, sara, "semnan")
        path, reading = f"/v1/citations/{citation_id}", f"/v1/corrections/{citation_id}"
        assert problem(await sara.post(f"{path}/claim")) == (409, "already-decided")
        assert (await reza.post(f"{reading}/claim")).json()["state"] == "confirming"
        read = await reza.post(f"{reading}/read", json={"plate": "12 ب 345 87"})
        assert (read.json()["state"], read.json()["plate"]["text"]) == ("drafted", CORRECTED)
        assert read.json()["plate"]["confidence"] is None
        # It comes to who corrected it first, and is issued to that plate alone.
        assert read.json()["returned_to"] == "person:sara"
        await sara.post(f"{path}/claim")
        drafted = {"decision": "issue", "plate": READ}
        assert problem(await sara.post(f"{path}/decide", json=drafted)) == (409, "plate-differs")
        issued = await sara.post(f"{path}/decide", json={"decision": "issue", "plate": CORRECTED})
        assert issued.json()["state"] == "issued"
        correction = issued.json()["correction"]
        assert (correction["drafted"], correction["plate"]) == (READ, CORRECTED)
        assert (correction["by"], correction["second_by"]) == ("person:sara", "person:reza")
        await export(sara, citation_id, tmp_path / "citation")
    report = verify(tmp_path / "citation.zip", trust())
    assert report.holds, faults(report)
    said = [each.said.en for each in report.findings if each.subject.startswith("decisions/")]
    assert f"who reads the plate {CORRECTED}" in said[0]
    assert f"plate {CORRECTED} as two officers read it" in said[-1]
    async with office.database.transaction() as session:
        kept = await citation_steps.of(session, citation_id)
    assert [(each.step, each.officer, each.plate) for each in kept] == [
        ("correct_plate", "person:sara", CORRECTED),
        ("confirm_plate", "person:reza", CORRECTED),
        ("issue", "person:sara", CORRECTED),
        ("become_issued", "person:sara", None),
    ]
    published = await issued_event(office, citation_id)
    assert published.plate is not None
    assert (published.plate.layout, published.plate.text) == ("car", CORRECTED)


async def issued_event(office: Office, citation_id: UUID) -> CitationIssued:
    tap = AIOKafkaConsumer(
        CitationIssued.topic,
        bootstrap_servers=office.settings.kafka_bootstrap,
        auto_offset_reset="earliest",
    )
    await tap.start()
    try:
        async with asyncio.timeout(20):
            while True:
                message = await tap.getone()
                if message.key == str(citation_id).encode():
                    return CitationIssued.from_json(message.value)
    finally:
        await tap.stop()


async def test_the_second_officer_is_another_and_is_shown_no_reading(
    office: Office, county: str
) -> None:
    async with (
        office.client("sara", counties=[county]) as sara,
        office.client("reza", counties=[county]) as reza,
        office.client("omid", counties=[county]) as omid,
    ):
        citation_id = await corrected(office, sara, county)
        path, reading = f"/v1/citations/{citation_id}", f"/v1/corrections/{citation_id}"
        own = [
            await sara.post(f"{reading}/claim"),
            await sara.post(f"{reading}/read", json={"plate": CORRECTED}),
        ]
        assert [problem(each)[1] for each in own] == ["second-officer", "claim-required"]
        assert (await sara.post("/v1/corrections/next")).status_code == 204
        before = [await reza.get(path), await reza.get("/v1/citations")]
        held = await reza.post("/v1/corrections/next")
        for answer in (*before, held, await reza.get(path)):
            assert READ not in answer.text
            assert CORRECTED not in answer.text
            assert str(CORRECTION["reason"]) not in answer.text
        archive = await reza.get(f"{path}/evidence.zip")
        assert problem(archive) == (409, "correction-open")
        assert (await sara.get(f"{path}/evidence.zip")).is_success
        refused = await omid.post(f"{reading}/read", json={"plate": CORRECTED})
        assert problem(refused) == (409, "claimed-by-another")
        assert (await omid.post("/v1/corrections/next")).status_code == 204
        assert (await reza.post(f"{reading}/release")).json()["state"] == "corrected"
        assert (await omid.post(f"{reading}/claim")).json()["state"] == "confirming"
    async with office.machine("reading-robot") as robot:
        refused = await robot.post("/v1/corrections/next")
        assert problem(refused) == (403, "person-required")


@pytest.mark.parametrize(
    ("step", "body", "second"),
    [
        ("read", {"plate": "12ب34588"}, "12ب34588"),
        ("read", {"plate": READ}, READ),
        ("dispute", {"note": "تصویر تار است"}, None),
    ],
)
async def test_where_two_officers_do_not_agree_a_supervisor_answers(
    office: Office, county: str, step: str, body: dict[str, str], second: str | None
) -> None:
    async with (
        office.client("sara", counties=[county]) as sara,
        office.client("reza", counties=[county]) as reza,
        office.client("mina", counties=[county]) as mina,
    ):
        citation_id = await corrected(office, sara, county)
        path = f"/v1/citations/{citation_id}"
        await reza.post("/v1/corrections/next")
        await reza.post(f"/v1/corrections/{citation_id}/{step}", json=body)
        found = (await mina.get(path)).json()
        assert (found["state"], found["returned_by"]) == ("returned", "person:reza")
        assert (found["plate"]["text"], found["note"]) == (READ, body.get("note"))
        assert (found["correction"]["plate"], found["correction"]["second_plate"]) == (
            CORRECTED,
            second,
        )
        await mina.post(f"{path}/give-back", json={"note": "پلاک نخست درست است"})
        await sara.post(f"{path}/claim")
        issue = {"decision": "issue", "plate": CORRECTED}
        assert problem(await sara.post(f"{path}/decide", json=issue)) == (409, "plate-differs")
        again = await sara.post(f"{path}/correct-plate", json={**CORRECTION, "plate": READ})
        assert problem(again) == (409, "same-plate")


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"plate": "12345678"}, (422, "malformed")),
        ({"plate": "1?ب34567"}, (422, "malformed")),
        ({"reason": ""}, (422, "malformed")),
        ({"shot": 3}, (404, "not-found")),
    ],
)
async def test_a_correction_needs_a_whole_plate_a_reason_and_a_picture(
    office: Office, county: str, change: dict[str, Any], answer: tuple[int, str]
) -> None:
    async with office.client("sara", counties=[county]) as sara:
        path = f"/v1/citations/{await office.draft(county=county)}"
        unclaimed = await sara.post(f"{path}/correct-plate", json=CORRECTION)
        assert problem(unclaimed) == (409, "claim-required")
        await sara.post(f"{path}/claim")
        refused = await sara.post(f"{path}/correct-plate", json={**CORRECTION, **change})
        assert problem(refused) == answer


async def test_the_hold_for_an_exemption_goes_with_the_plate(office: Office, county: str) -> None:
    async with (
        office.client("sara", counties=[county]) as sara,
        office.client("reza", counties=[county]) as reza,
        office.client("mina", counties=[county]) as mina,
    ):
        for plate in (READ, CORRECTED):
            proposed = await sara.post("/v1/exemptions", json=exemption(county=county, plate=plate))
            exempt = proposed.json()["exemption_id"]
            assert (await mina.post(f"/v1/exemptions/{exempt}/approve")).is_success
        citation_id = await corrected(office, sara, county)
        before = (await sara.get(f"/v1/citations/{citation_id}")).json()["exempt_under"]
        await reza.post("/v1/corrections/next")
        read = await reza.post(f"/v1/corrections/{citation_id}/read", json={"plate": CORRECTED})
        assert before is not None
        assert read.json()["exempt_under"] == exempt != before
        (use,) = (await mina.get(f"/v1/exemptions/{before}")).json()["held"]
        assert (use["set_aside_by"], use["note"]) == ("person:reza", "the plate was corrected")


async def test_a_corrected_plate_of_an_offence_that_has_a_citation_is_no_second_one(
    office: Office, tmp_path: Path
) -> None:
    plate = "56م34587"  # no other test's
    settings = office.settings.model_copy(update={"same_offence_seconds": 30.0})
    async with served(create(settings)) as url:
        near = Office(url, settings, office.app, office.database, office.producer, office.recorded)
        async with near.client("sara") as sara, near.client("reza") as reza:
            first = await near.draft(plate)
            misread = await corrected(near, sara, "semnan", drafted="56م34567", plate=plate)
            await reza.post(f"/v1/corrections/{misread}/claim")
            read = await reza.post(f"/v1/corrections/{misread}/read", json={"plate": plate})
            found = read.json()
            assert (found["state"], found["reason"]) == ("rejected", "same_offence")
            assert found["same_as"] == str(first)
            await export(sara, misread, tmp_path / "citation")
    report = verify(tmp_path / "citation.zip", trust())
    assert report.holds, faults(report)
    said = {each.subject: each.said.en for each in report.findings}["decisions/2.jws"]
    assert f"same offence as citation {first}" in said


async def test_a_claim_on_a_corrected_plate_runs_out(office: Office, county: str) -> None:
    async with (
        office.client("sara", counties=[county]) as sara,
        office.client("reza", counties=[county]) as reza,
        office.client("omid", counties=[county]) as omid,
    ):
        citation_id = await corrected(office, sara, county)
        await reza.post("/v1/corrections/next")
        of_it = citations.c.citation_id == citation_id
        async with office.database.transaction() as session:
            await session.execute(update(citations).where(of_it).values(claimed_until=CAPTURED_AT))
        read = f"/v1/corrections/{citation_id}/read"
        assert problem(await reza.post(read, json={"plate": CORRECTED})) == (409, "claim-required")
        assert (await omid.post("/v1/corrections/next")).json()["citation_id"] == str(citation_id)
