"""Every violation ends as exactly one citation, and its evidence holds."""

import asyncio
import json
import random
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
from minio import Minio
from minio.error import S3Error
from sqlalchemy import func, select

from payesh.contracts.chain import link_sha256
from payesh.contracts.values import Certificate, ClockSource, SegmentLink
from payesh.kit.tables import outbox
from payesh.local.engines import EngineSet
from payesh.tickets.adapters.tables import bundle_jobs, citations, waiting_violations
from payesh.tickets.handlers.joining import hold_passages
from tests.integration.tickets.conftest import Office
from tests.support.engine_settings import store_of
from tests.support.recorded_evidence import record
from tests.support.violation_builder import (
    CAPTURED_AT,
    CERTIFICATE,
    chained,
    crossed_at_red,
    plate_read,
    speed,
)
from tests.support.waiting import eventually


async def test_violation_and_read_join_in_either_order(office: Office) -> None:
    first, second = office.violation(), office.violation()
    await office.publish(first, plate_read(first))
    await office.publish(plate_read(second, "45د67811"), second)
    assert (await office.outcome(first))["plate"]["text"] == "12ب34567"
    assert (await office.outcome(second))["plate"]["text"] == "45د67811"


async def test_passages_are_held_in_one_order_by_every_transaction(office: Office) -> None:
    passages = [uuid4() for _ in range(40)]

    async def hold(ordered: list[UUID]) -> None:
        for _ in range(10):
            async with office.database.transaction() as session:
                await hold_passages(session, ordered)

    async with asyncio.timeout(20):
        await asyncio.gather(hold(passages), hold(passages[::-1]), hold(passages))


async def test_duplicated_and_reordered_messages_make_one_citation_each(office: Office) -> None:
    seen = [office.violation() for _ in range(12)]
    events = [*seen, *seen, *seen, *(plate_read(each) for each in seen for _ in range(2))]
    random.Random(7).shuffle(events)  # noqa: S311 - an order, not a secret
    await asyncio.gather(*(office.publish(event) for event in events))
    for each in seen:
        assert (await office.outcome(each))["state"] == "drafted"
    async with office.database.transaction() as session:
        ids = [each.violation_id for each in seen]
        counted = await session.scalar(
            select(func.count()).where(citations.c.violation_id.in_(ids))
        )
        assert counted == len(seen)
        assert (
            await session.scalar(select(func.count()).where(bundle_jobs.c.violation_id.in_(ids)))
            == 0
        )


async def test_two_violations_of_one_passage_are_two_citations(office: Office) -> None:
    first = office.violation()
    second = office.violation(passage_id=first.passage_id, speed_kmh=120.0)
    await office.publish(first, plate_read(first), second)
    one, two = await office.outcome(first), await office.outcome(second)
    assert one["citation_id"] != two["citation_id"]
    assert two["law"]["offence_code"] == "2001"
    assert two["law"]["amount_rial"] is None


@pytest.mark.parametrize(
    ("changes", "plate", "confidence", "reason"),
    [
        ({"clock_source": ClockSource.UNVERIFIED}, "12ب34567", 0.9, "clock_unverified"),
        ({"certificate": None}, "12ب34567", 0.9, "certificate_invalid"),
        (
            {
                "certificate": Certificate(
                    number="old",
                    issued_by="x",
                    valid_from=CAPTURED_AT.replace(year=2024),
                    valid_to=CAPTURED_AT.replace(year=2025),
                )
            },
            "12ب34567",
            0.9,
            "certificate_invalid",
        ),
        ({"speed_kmh": 62.0, "u95_kmh": 2.0}, "12ب34567", 0.9, "within_tolerance"),
        ({}, None, 0.9, "unreadable"),
        ({}, "12ب34567", 0.2, "unreadable"),
    ],
)
async def test_a_rule_rejects_with_its_reason_and_keeps_no_plate(
    office: Office,
    changes: dict[str, object],
    plate: str | None,
    confidence: float,
    reason: str,
) -> None:
    seen = office.violation(**changes)
    await office.publish(plate_read(seen, plate, confidence=confidence), seen)
    found = await office.outcome(seen)
    assert (found["state"], found["reason"], found["plate"]) == ("rejected", reason, None)


async def test_a_violation_without_a_read_is_rejected_at_its_deadline(office: Office) -> None:
    seen = office.violation()
    await office.publish(seen)

    async def waits() -> bool:
        async with office.database.transaction() as session:
            changed = await session.execute(
                waiting_violations.update()
                .where(waiting_violations.c.violation_id == seen.violation_id)
                .values(deadline_at=func.now())
                .returning(waiting_violations.c.violation_id)
            )
            return changed.first() is not None

    await eventually(waits)
    found = await office.outcome(seen)
    assert (found["state"], found["reason"]) == ("rejected", "unreadable")
    await office.publish(plate_read(seen))  # too late, and it changes nothing
    again = office.violation(passage_id=seen.passage_id)
    await office.publish(again)
    assert (await office.outcome(again))["state"] == "drafted"
    assert (await office.outcome(seen))["state"] == "rejected"


async def test_the_clip_is_init_and_fragments_byte_for_byte(office: Office) -> None:
    citation_id = await office.draft()
    recorded = office.recorded
    async with office.client() as http:
        clip = (await http.get(f"/v1/citations/{citation_id}/clip")).content
        manifest = (await http.get(f"/v1/citations/{citation_id}/manifest")).json()
    assert clip == recorded.init + b"".join(recorded.fragments[1:4])
    assert manifest["clip"]["object"]["sha256"] == sha256(clip).hexdigest()
    for part in manifest["clip"]["parts"]:
        start = part["offset_bytes"]
        assert sha256(clip[start : start + part["size_bytes"]]).hexdigest() == part["sha256"]


async def test_every_link_can_be_recomputed_from_the_manifest_alone(office: Office) -> None:
    citation_id = await office.draft()
    async with office.client() as http:
        answer = await http.get(f"/v1/citations/{citation_id}/manifest")
    chain = answer.json()["chain"]
    assert len(chain["links"]) == 3
    for stored in chain["links"]:
        link = SegmentLink.model_validate_json(json.dumps(stored))
        assert link.init is not None
        assert link.link_sha256 == link_sha256(
            previous_link_sha256=link.previous_link_sha256,
            stream_id=link.stream_id,
            sequence=link.sequence,
            captured_at=link.captured_at,
            duration_ms=link.duration_ms,
            init_sha256=link.init.sha256,
            media_sha256=link.media.sha256,
            revision_sha256=chain["revision_sha256"],
            fencing_token=link.fencing_token,
        )


@pytest.mark.parametrize(
    ("harm", "subject"),
    [
        ({"measurement": speed(99.0, 2.1, 40.0)}, "measurement"),  # the revision posts 60
        (
            {"measurement": speed(99.0, 2.1, 60.0).model_copy(update={"lower_bound": 140.0})},
            "measurement",
        ),
        (
            {"certificate": CERTIFICATE.model_copy(update={"number": "another device's"})},
            "certificate",
        ),
        ({"captured_at": datetime(2026, 11, 20, 23, 0, tzinfo=UTC)}, "clock"),
    ],
)
async def test_what_its_own_evidence_does_not_carry_is_neither_signed_nor_drafted(
    office: Office, engines: EngineSet, harm: dict[str, Any], subject: str
) -> None:
    """Every file is there and whole; but `payesh-verify` would refuse the bundle in court."""
    seen = office.violation(**harm)
    await office.publish(seen, plate_read(seen))
    found = await office.outcome(seen)
    assert (found["state"], found["reason"]) == ("rejected", "evidence_missing"), subject
    folder = f"{found['citation_id']}/"
    kept = await store_of(engines).keys_after("evidence", folder, "", 100)
    assert f"{folder}violation.json" in kept
    assert not [key for key in kept if "manifest" in key]


@pytest.mark.parametrize("harm", ["tampered", "missing", "forged link"])
async def test_evidence_that_does_not_hold_is_never_drafted(
    office: Office, engines: EngineSet, harm: str
) -> None:
    store = store_of(engines)
    own = await record(store, seconds=4)
    media = own.links[1].media
    if harm == "tampered":
        body = bytearray(own.fragments[1])
        body[-1] ^= 1
        await store.put("segments", media.key, bytes(body), media_type=media.media_type)
    elif harm == "missing":
        await store.delete("segments", media.key)
    else:
        own.links[1] = own.links[1].model_copy(update={"duration_ms": 1500})
    seen = office.violation(segments=own.links, shots=own.shots, revision=own.revision)
    await office.publish(seen, plate_read(seen))
    found = await office.outcome(seen)
    assert (found["state"], found["reason"]) == ("rejected", "evidence_missing")
    assert found["evidence"] is None


async def test_a_still_is_evidence_too(office: Office, engines: EngineSet) -> None:
    own = await record(store_of(engines), seconds=2)
    still = await own.store.put(
        "segments", f"camera-1/{uuid4()}/00000000.jpg", b"\xff\xd8still", media_type="image/jpeg"
    )
    links = chained(uuid4(), None, [still], revision_sha256=own.revision.sha256, fencing_token=0)
    citation_id = await office.draft(segments=links, shots=[], revision=own.revision)
    async with office.client() as http:
        clip = await http.get(f"/v1/citations/{citation_id}/clip")
    assert clip.headers["content-type"] == "image/jpeg"
    assert clip.content == b"\xff\xd8still"


async def test_the_evidence_of_a_draft_cannot_be_deleted(
    office: Office, engines: EngineSet
) -> None:
    citation_id = await office.draft()
    addresses = engines.addresses()
    admin = Minio(
        addresses["s3_endpoint"],
        *engines.objects.credentials_for("admin"),
        secure=addresses["s3_secure"],
    )
    kept = await asyncio.to_thread(
        lambda: list(
            admin.list_objects(
                "evidence", prefix=f"{citation_id}/", recursive=True, include_version=True
            )
        )
    )
    names = {each.object_name.partition("/")[2] for each in kept}
    documents = {"revision.json", "violation.json", "read.json", "law.json"}
    assert {"clip.mp4", "manifest.json", *documents} <= names
    for each in kept:
        with pytest.raises(S3Error) as refused:
            await asyncio.to_thread(
                admin.remove_object, "evidence", each.object_name, each.version_id
            )
        assert refused.value.code in ("AccessDenied", "InvalidRequest")


async def test_a_draft_is_announced_once_its_evidence_is_stored(office: Office) -> None:
    citation_id = await office.draft()

    async def published() -> bool:
        async with office.database.transaction() as session:
            left = await session.scalar(
                select(func.count()).where(outbox.c.key == str(citation_id).encode())
            )
        return left == 0

    await eventually(published)


async def test_a_finding_is_drafted_as_a_measured_speed_is(office: Office) -> None:
    found = crossed_at_red()
    citation_id = await office.draft(rule="red_light", measurement=found)
    async with office.client() as http:
        citation = (await http.get(f"/v1/citations/{citation_id}")).json()
        manifest = (await http.get(f"/v1/citations/{citation_id}/manifest")).json()
    assert citation["measurement"] == manifest["measurement"] == found.model_dump(mode="json")
    assert (citation["rule"], citation["law"]["offence_code"]) == ("red_light", "2004")


@pytest.mark.parametrize("rule", ["a_rule_of_a_later_version", "average_speed"])
async def test_a_rule_without_an_assessor_or_a_row_of_law_is_rejected_as_no_law(
    office: Office, rule: str
) -> None:
    seen = office.violation(rule=rule)
    await office.publish(plate_read(seen), seen)
    found = await office.outcome(seen)
    assert (found["state"], found["reason"], found["rule"]) == ("rejected", "no_law", rule)
