"""Who comes in by the routes of ingest, and what is on record of the others."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from payesh.contracts import IngestReadRecorded
from payesh.contracts.access import AuditOutcome
from payesh.ingest.main import openapi
from payesh.kit.query_digests import QueryDigests
from tests.integration.ingest.conftest import Replica, Stack, revision, wait_until
from tests.integration.ingest.test_uploads import jpeg
from tests.support.doors import (
    admits_no_stranger,
    doors,
    records_who_lacks_the_scope,
    stops_who_asks_too_often,
)
from tests.support.engine_settings import QUERY_KEY
from tests.support.problems import problem

SOURCE = {"url": "rtsp://192.0.2.7/live"}


def caller(stack: Stack, replica: Replica, subject: str, **rights: Any) -> httpx.AsyncClient:
    headers = stack.authority.headers(subject=subject, **rights)
    return httpx.AsyncClient(base_url=replica.url, headers=headers, timeout=20)


async def audited(stack: Stack, subject: str, number: int) -> list[IngestReadRecorded]:
    def found() -> list[IngestReadRecorded]:
        records = [r for r in stack.tap.events(IngestReadRecorded) if r.service == "ingest"]
        return sorted((r for r in records if r.subject == subject), key=lambda r: r.sequence)

    await wait_until(lambda: len(found()) >= number)
    return found()


async def test_every_route_is_shut_to_strangers_and_records_whom_it_refuses(
    stack: Stack, replica: Replica
) -> None:
    found = doors(openapi(), camera_id="cam-1", recording_id=str(uuid4()))
    subject = f"machine-{uuid4().hex[:8]}"
    await admits_no_stranger(
        found,
        {
            "no token": lambda: httpx.AsyncClient(base_url=replica.url),
            "wrong audience": lambda: caller(stack, replica, "m", audience="elsewhere"),
        },
    )
    await records_who_lacks_the_scope(
        found,
        caller(stack, replica, subject, scope="law:read"),
        lambda number: audited(stack, subject, number),
    )


async def test_every_route_has_a_quota(stack: Stack) -> None:
    found = doors(openapi(), camera_id="cam-1", recording_id=str(uuid4()))
    async with stack.replica(PAYESH_REQUESTS_PER_MINUTE="1") as limited:
        await stops_who_asks_too_often(
            found, lambda number: caller(stack, limited, f"machine-{number}", scope="law:read")
        )


async def test_a_camera_of_another_county_is_refused_on_every_route_and_recorded(
    stack: Stack, replica: Replica
) -> None:
    camera_id = await replica.create_camera(None, source_kind="snapshots")
    subject = f"machine-{uuid4().hex[:8]}"
    now = datetime.now(UTC).isoformat()
    form = {"clock_u95_ms": "50"}
    still = {
        "files": {"image": ("still", jpeg(3), "image/jpeg")},
        "data": form | {"captured_at": now},
    }
    video = {"files": {"file": ("v.mp4", b"x", "video/mp4")}, "data": form | {"started_at": now}}
    sent: dict[str, dict[str, Any]] = {
        "PATCH ": {"json": {"enabled": False}},
        "PUT /source": {"json": SOURCE},
        "POST /revisions": {"json": revision()},
        "POST /recordings": video,
        "POST /snapshots": still,
    }
    prefix = f"/v1/cameras/{camera_id}"
    found = [
        door
        for door in doors(openapi(), camera_id=camera_id, recording_id=str(uuid4()))
        if door.path.startswith(prefix)
    ]
    async with caller(stack, replica, subject, counties=["semnan"]) as http:
        for door in found:
            fields = sent.get(f"{door.method} {door.path.removeprefix(prefix)}", {})
            refused = await http.request(door.method, door.path, **fields)
            assert problem(refused) == (403, "out-of-bounds"), door
        body = {"camera_id": "x-1", "source": None, "revision": revision()}
        assert problem(await http.post("/v1/cameras", json=body)) == (403, "out-of-bounds")
    records = await audited(stack, subject, len(found) + 1)
    assert {each.outcome for each in records} == {AuditOutcome.DENIED}
    assert [each.scope for each in records[:-1]] == [door.scope for door in found]
    assert {each.resource_ids[0] for each in records[:-1]} == {camera_id}


async def test_who_looked_at_a_recording_is_recorded(stack: Stack, replica: Replica) -> None:
    camera_id = await replica.create_camera(None, source_kind="snapshots")
    subject = f"machine-{uuid4().hex[:8]}"
    async with caller(stack, replica, subject) as http:
        sent = await http.post(
            f"/v1/cameras/{camera_id}/recordings",
            files={"file": ("v.mp4", b"x", "video/mp4")},
            data={"clock_u95_ms": "50", "started_at": datetime.now(UTC).isoformat()},
        )
        recording_id = sent.json()["recording_id"]
        await http.get(f"/v1/cameras/{camera_id}/recordings/{recording_id}")
    (record,) = await audited(stack, subject, 1)
    assert (record.action, record.outcome) == ("read", AuditOutcome.GRANTED)
    assert record.resource_ids == (recording_id,)
    assert QueryDigests(QUERY_KEY).term("camera_id", camera_id) in record.query_terms
