"""Two sightings of one offence are one citation; the second is linked to it, with its evidence."""

import asyncio
import json
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import PlateRead, ViolationDetected
from payesh.kit.sessions import SESSION_COOKIE, Sessions
from payesh.kit.tokens import principal_from_claims
from payesh.tickets.adapters import bundle_jobs, decision_statements, sightings
from payesh.tickets.adapters.bundle_jobs import BundleJob
from payesh.tickets.adapters.evidence_keys import EvidenceKeys
from payesh.tickets.adapters.tables import citations
from payesh.tickets.domain.rejection import Rejection
from payesh.tickets.domain.sighting import Nearness
from payesh.tickets.evidence.bundling import BundleRules
from payesh.tickets.evidence.joined_case import JoinedCase
from payesh.tickets.evidence.known_objects import KnownObjects
from payesh.tickets.handlers import deciding, joining
from payesh.tickets.handlers.bundling import BundlingDependencies, attempt
from tests.integration.tickets.conftest import Office, claims
from tests.support.violation_builder import plate_read
from tests.support.waiting import eventually

NEAR = Nearness(timedelta(seconds=30), 30.0)


@pytest.fixture
def plate() -> str:
    """A vehicle of this test alone."""
    digits = f"{uuid4().int % 8999 + 1000}"
    return f"{digits[:2]}ب{digits[2:]}167"


@pytest.fixture
def builder(office: Office) -> BundlingDependencies:
    """A worker of its own: those of the running service link nothing."""
    desk = office.app.state.dependencies
    rules = BundleRules(
        retention=timedelta(days=1), maximum_clip_bytes=2**26, software_version="test"
    )
    return BundlingDependencies(
        database=office.database,
        store=desk.store,
        known=KnownObjects(desk.store),
        rules=rules,
        timeout_s=20,
        missing_part_tries=2,
        signer=EvidenceKeys.of(office.settings.evidence_keys),
        nearness=NEAR,
    )


async def joined(office: Office, plate: str, **changes: Any) -> BundleJob:
    """A job that no worker of the running service takes: it is due in a day."""
    seen: ViolationDetected = office.violation(**changes)
    read: PlateRead = plate_read(seen, plate)
    priced = joining.assess(seen, office.app.state.dependencies.law)
    assert not isinstance(priced, Rejection)
    case = joining.join(seen, read, priced, minimum_confidence=0.5)
    assert isinstance(case, JoinedCase)
    async with office.database.transaction() as session:
        await bundle_jobs.add(session, case, None)
        await bundle_jobs.postpone(
            session, case.citation_id, wait=timedelta(days=1), fault="test", was_missing=False
        )
    return BundleJob(case, None, seen.captured_at, attempts=1, missing_attempts=0)


async def shown(office: Office, citation_id: UUID) -> dict[str, Any]:
    async with office.client() as http:
        found: dict[str, Any] = (await http.get(f"/v1/citations/{citation_id}")).json()
    return found


async def browsed(office: Office, citation_id: UUID) -> str:
    cookie, _ = await Sessions(office.database).begin(claims("reza"), "test")
    async with httpx.AsyncClient(base_url=office.url, cookies={SESSION_COOKIE: cookie}) as http:
        return (await http.get(f"/queue/{citation_id}", headers={"X-Partial": "1"})).text


async def test_the_second_sighting_is_linked_and_its_evidence_says_so(
    office: Office, plate: str, builder: BundlingDependencies
) -> None:
    first, second = await joined(office, plate), await joined(office, plate)
    for job in (first, second):
        assert await attempt(builder, job) is None
    of_first, of_second = [await shown(office, each.citation_id) for each in (first, second)]
    assert (of_first["state"], of_first["same_as"]) == ("drafted", None)
    assert of_first["seen_again"] == [str(second.citation_id)]
    assert (of_second["state"], of_second["reason"]) == ("rejected", "same_offence")
    assert of_second["same_as"] == str(first.citation_id)
    assert of_second["evidence"]["shots"] > 0
    async with office.client() as http:
        archive = await http.get(f"/v1/citations/{second.citation_id}/evidence.zip")
        assert archive.is_success
        assert b"decisions/1.jws" in archive.content
        for each, link in ((first, second), (second, first)):
            page = await browsed(office, each.citation_id)
            assert f'href="/queue/{link.citation_id}"' in page
        refused = await http.post(f"/v1/citations/{second.citation_id}/claim")
        assert refused.status_code == 409, "no second draft"
    async with office.database.transaction() as session:
        (statement,) = await decision_statements.of(session, second.citation_id)
    signed = json.loads(urlsafe_b64decode(statement.split(".")[1] + "=="))
    assert signed["same_as"] == str(first.citation_id)
    assert (signed["reason"], signed["state"]) == ("same_offence", "rejected")
    assert signed["manifest_sha256"] == of_second["evidence"]["manifest_sha256"]


@pytest.mark.parametrize("is_issued_first", [True, False])
async def test_its_evidence_is_kept_as_long_as_that_of_the_issued_citation(
    office: Office, plate: str, builder: BundlingDependencies, is_issued_first: bool
) -> None:
    first, second = await joined(office, plate), await joined(office, plate)
    await attempt(builder, first)
    if not is_issued_first:
        await attempt(builder, second)
    await issued(office, first.citation_id, plate)
    if is_issued_first:
        await attempt(builder, second)
    await eventually(partial(kept_alike, office, first.citation_id, second.citation_id))


async def issued(office: Office, citation_id: UUID, plate: str) -> None:
    path = f"/v1/citations/{citation_id}"
    async with office.client() as http:
        await http.post(f"{path}/claim")
        issue = {"decision": "issue", "plate": plate}
        assert (await http.post(f"{path}/decide", json=issue)).json()["state"] == "issued"


async def kept_alike(office: Office, *ids: UUID) -> bool:
    async with office.database.transaction() as session:
        rows = await session.scalars(
            select(citations.c.evidence).where(citations.c.citation_id.in_(ids))
        )
        until = {datetime.fromisoformat(each["retained_until"]) for each in rows}
    return len(until) == 1 and min(until) > datetime.now(UTC) + timedelta(hours=30)


async def test_its_evidence_is_kept_as_long_though_it_is_linked_while_the_first_is_issued(
    office: Office, plate: str, builder: BundlingDependencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await joined(office, plate), await joined(office, plate)
    await attempt(builder, first)
    linking: list[asyncio.Task[float | None]] = []
    linked_to = sightings.linked_to

    async def linked_meanwhile(session: AsyncSession, citation_id: UUID) -> Sequence[UUID]:
        found = await linked_to(session, citation_id)
        if citation_id == first.citation_id and not linking:
            linking.append(asyncio.create_task(attempt(builder, second)))
            await asyncio.wait(linking, timeout=2)
        return found

    monkeypatch.setattr(sightings, "linked_to", linked_meanwhile)
    await issued(office, first.citation_id, plate)
    await asyncio.gather(*linking)
    assert (await shown(office, second.citation_id))["same_as"] == str(first.citation_id)
    await eventually(partial(kept_alike, office, first.citation_id, second.citation_id))


@pytest.mark.parametrize("decision", ["issue", "reject"])
async def test_a_sighting_waits_while_the_decision_of_the_first_can_be_undone(
    office: Office, plate: str, builder: BundlingDependencies, decision: str
) -> None:
    """Else it would be linked to what is rejected a moment later, and nobody would see it."""
    first, second = await joined(office, plate), await joined(office, plate)
    await attempt(builder, first)
    slow = replace(office.app.state.dependencies, undo=timedelta(minutes=2))
    sara = principal_from_claims(claims("sara", purpose="test"))
    await deciding.claim(slow, sara, first.citation_id)
    if decision == "issue":
        await deciding.issue(slow, sara, first.citation_id, plate)
    else:
        await deciding.reject(slow, sara, first.citation_id, Rejection.EVIDENCE_UNCLEAR)
    assert 100 < (await attempt(builder, second) or 0) < 130
    of_first = citations.c.citation_id == first.citation_id
    async with office.database.transaction() as session:
        await session.execute(update(citations).where(of_first).values(final_at=func.now()))

    async def final() -> bool:
        return (await shown(office, first.citation_id))["state"] in ("issued", "rejected")

    await eventually(final)
    assert await attempt(builder, second) is None
    found = await shown(office, second.citation_id)
    same_as = str(first.citation_id) if decision == "issue" else None
    assert (found["state"], found["same_as"]) == (
        "rejected" if decision == "issue" else "drafted",
        same_as,
    )


@pytest.mark.parametrize("at_once", [2, 6])
async def test_of_sightings_handled_at_once_one_is_drafted(
    office: Office, plate: str, builder: BundlingDependencies, at_once: int
) -> None:
    jobs = [await joined(office, plate) for _ in range(at_once)]
    await asyncio.gather(*(attempt(builder, job) for job in jobs))
    found = [await shown(office, job.citation_id) for job in jobs]
    drafted = [each["citation_id"] for each in found if each["state"] == "drafted"]
    assert len(drafted) == 1
    assert {each["same_as"] for each in found} == {None, *drafted}


async def test_a_sighting_that_is_delivered_or_built_again_changes_nothing(
    office: Office, plate: str, builder: BundlingDependencies
) -> None:
    first, second = await joined(office, plate), await joined(office, plate)
    for job in (first, second, second, first):
        await attempt(builder, job)
    before = await shown(office, second.citation_id)
    await office.publish(second.case.violation, second.case.read)
    marker = office.violation(passage_id=second.case.violation.passage_id)
    await office.publish(marker)
    await office.outcome(marker)
    assert await shown(office, second.citation_id) == before
    assert (await shown(office, first.citation_id))["state"] == "drafted"


async def test_what_differs_in_plate_rule_time_or_place_is_another_offence(
    office: Office, plate: str, builder: BundlingDependencies
) -> None:
    first = await joined(office, plate)
    await attempt(builder, first)
    at: datetime = first.case.violation.captured_at
    moved = citations.c.citation_id == first.citation_id
    for changes in (
        {"captured_at": at - timedelta(seconds=31)},
        {"captured_at": at + timedelta(seconds=31)},
        {"rule": "average_speed"},
        {"plate_text": "99ب99999"},
        {"state": "rejected"},
    ):
        async with office.database.transaction() as session:
            row = (await session.execute(select(citations).where(moved))).one()._asdict()
            await session.execute(update(citations).where(moved).values(**changes))
        other = await joined(office, plate)
        await attempt(builder, other)
        assert (await shown(office, other.citation_id))["state"] == "drafted", changes
        async with office.database.transaction() as session:
            await session.execute(update(citations).where(moved).values(**row))
            drafted_beside = citations.c.citation_id == other.citation_id
            await session.execute(
                update(citations).where(drafted_beside).values(plate_text="11ب11111")
            )
    near = await joined(office, plate)
    await attempt(builder, near)
    assert (await shown(office, near.citation_id))["same_as"] == str(first.citation_id)


@pytest.mark.parametrize(("camera_away", "is_linked"), [(0.0, True), (0.001, False)])
async def test_cameras_of_one_place_see_one_offence(
    office: Office,
    plate: str,
    builder: BundlingDependencies,
    camera_away: float,
    is_linked: bool,
) -> None:
    """A thousandth of a degree of latitude is 111 m."""
    first, second = await joined(office, plate), await joined(office, plate)
    await attempt(builder, first)
    moved = citations.c.citation_id == first.citation_id
    async with office.database.transaction() as session:
        row = (await session.execute(select(citations.c.evidence).where(moved))).scalar_one()
        evidence = {**row, "latitude": row["latitude"] + camera_away}
        await session.execute(
            update(citations).where(moved).values(camera_id="camera-other", evidence=evidence)
        )
    await attempt(builder, second)
    found = await shown(office, second.citation_id)
    assert (found["same_as"] is not None) is is_linked


async def test_without_a_window_nothing_is_linked(
    office: Office, plate: str, builder: BundlingDependencies
) -> None:
    off = replace(builder, nearness=Nearness(timedelta(0), 30.0))
    for job in (await joined(office, plate), await joined(office, plate)):
        await attempt(off, job)
        assert (await shown(office, job.citation_id))["state"] == "drafted"
