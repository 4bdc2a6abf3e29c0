"""The audit log is complete, in order, and cannot be changed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from payesh.access.main import verify_audit
from payesh.contracts import AuditReadRecorded
from payesh.kit.bus import Producer
from tests.support.waiting import eventually

from .conftest import RunningAccess


def record(service: str, sequence: int, **changed: Any) -> AuditReadRecorded:
    return AuditReadRecorded.model_validate(
        {
            "record_id": uuid4(),
            "service": service,
            "sequence": sequence,
            "recorded_at": datetime.now(UTC),
            "subject": "person:reza",
            "actor": "tickets-pages",
            "agency": "police",
            "scope": "reads:read",
            "purpose": "case 12",
            "grant_id": None,
            "action": "search",
            "resource_kind": "plate-read",
            "resource_ids": ("read-1", f"read-{sequence}"),
            "outcome": "granted",
            "trace_id": None,
            **changed,
        },
        strict=False,
    )


@pytest.fixture
def service() -> str:
    return f"test-{uuid4().hex[:8]}"


@pytest.fixture
async def producer(access: RunningAccess) -> AsyncIterator[Producer]:
    producer = Producer(access.settings)
    await producer.start()
    yield producer
    await producer.stop()


async def found(access: RunningAccess, **query: str) -> list[dict[str, Any]]:
    """Records that a search of the log finds."""
    text = "&".join(f"{name}={value}" for name, value in query.items())
    answer = await access.get(f"/v1/audit?{text}")
    assert answer.status_code == 200, answer.text
    return [item["record"] for item in answer.json()["items"]]


async def gaps_of(access: RunningAccess, service: str) -> list[tuple[int, int]]:
    """First and last of each run of numbers that a service's records lack."""
    answer = (await access.get("/v1/audit/gaps")).json()
    return [(gap["first"], gap["last"]) for gap in answer["gaps"] if gap["service"] == service]


async def test_a_record_delivered_twice_is_stored_once(
    access: RunningAccess, producer: Producer, service: str
) -> None:
    one = record(service, 1)
    for event in (one, one, record(service, 2)):
        await producer.publish(event)

    async def both_here() -> bool:
        return len(await found(access, service=service)) >= 2

    await eventually(both_here)
    assert [each["sequence"] for each in await found(access, service=service)] == [2, 1]


async def test_a_missing_number_is_listed_until_it_arrives(
    access: RunningAccess, producer: Producer, service: str
) -> None:
    for sequence in (2, 5):
        await producer.publish(record(service, sequence))

    async def shown() -> bool:
        return await gaps_of(access, service) == [(1, 1), (3, 4)]

    await eventually(shown)
    for sequence in (4, 1, 3):
        await producer.publish(record(service, sequence))

    async def whole() -> bool:
        return (
            await gaps_of(access, service) == [] and len(await found(access, service=service)) == 5
        )

    await eventually(whole)


async def test_a_second_record_of_one_number_replaces_nothing(
    access: RunningAccess, producer: Producer, service: str
) -> None:
    await producer.publish(record(service, 1, subject="person:first"))
    await producer.publish(record(service, 1, subject="person:second"), event_id=uuid4())
    await producer.publish(record(service, 2))

    async def later_one_here() -> bool:
        return len(await found(access, service=service)) == 2

    await eventually(later_one_here)
    kept = await found(access, service=service)
    assert kept[-1]["subject"] == "person:first"


async def test_records_are_found_by_subject_and_resource(
    access: RunningAccess, producer: Producer, service: str
) -> None:
    await producer.publish(record(service, 1, subject=f"person:{service}"))
    await producer.publish(record(service, 2, resource_ids=("x",)))

    async def here() -> bool:
        return len(await found(access, service=service)) == 2

    await eventually(here)
    assert [r["sequence"] for r in await found(access, subject=f"person:{service}")] == [1]
    assert [r["sequence"] for r in await found(access, service=service, resource="x")] == [2]
    assert await found(access, service=service, **{"from": "2099-01-01T00:00:00Z"}) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_records SET subject = 'another'",
        "DELETE FROM audit_records",
        "TRUNCATE audit_records",
    ],
)
async def test_the_services_own_role_cannot_change_the_log(
    access: RunningAccess, producer: Producer, service: str, statement: str
) -> None:
    await producer.publish(record(service, 1))

    async def here() -> bool:
        return len(await found(access, service=service)) == 1

    await eventually(here)
    database = await access.database()
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await database.execute(statement)
    finally:
        await database.close()


async def test_reading_people_or_the_log_is_recorded(access: RunningAccess) -> None:
    officer = (await access.new_person()).json()
    await access.get(f"/v1/people/{officer['person_id']}")
    await access.get("/v1/audit?service=none")

    async def both_here() -> bool:
        reads = await found(access, service="access", resource=officer["person_id"])
        searches = await found(access, service="access")
        return bool(reads) and any(r["resource_kind"] == "audit-record" for r in searches)

    await eventually(both_here)
    read = (await found(access, service="access", resource=officer["person_id"]))[0]
    assert read["subject"] == "person:sara.mohammadi"
    assert read["purpose"] == "test"


async def test_writing_an_account_is_recorded_as_a_read_of_it(access: RunningAccess) -> None:
    officer = (await access.new_person()).json()
    await access.patch(f"/v1/people/{officer['person_id']}", {})

    async def both_here() -> bool:
        reads = await found(access, service="access", resource=officer["person_id"])
        return sorted(read["action"] for read in reads) == ["change", "register"]

    await eventually(both_here)


async def test_an_agencys_auditor_sees_its_own_people_only(
    access: RunningAccess, producer: Producer, service: str
) -> None:
    agency = f"police-{service}"
    await access.post("/v1/agencies", {"agency_id": agency, "name": "پلیس"})
    auditor = await access.bearer_with(agency=agency, scopes=["audit:read"])
    await producer.publish(record(service, 1))
    await producer.publish(record(service, 2, agency=agency))

    async def both_here() -> bool:
        return len(await found(access, service=service)) == 2

    await eventually(both_here)
    answer = await access.get(f"/v1/audit?service={service}", auditor)
    assert [item["record"]["sequence"] for item in answer.json()["items"]] == [2]
    whole = await access.get("/v1/audit/gaps", auditor)
    assert (whole.status_code, whole.json()["type"]) == (403, "urn:payesh:problem:other-agency")


async def test_a_rewritten_row_breaks_the_chain(
    access: RunningAccess,
    producer: Producer,
    service: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for sequence in (1, 2, 3):
        await producer.publish(record(service, sequence))

    async def here() -> bool:
        return len(await found(access, service=service)) == 3

    await eventually(here)
    monkeypatch.setenv("PAYESH_DATABASE_URL", access.settings.database_url.get_secret_value())
    await verify_audit()
    assert f"{service}: 3 records, holds" in capsys.readouterr().out
    database = await access.database()
    try:
        # The owner of the table can drop the trigger for a moment.
        await database.execute("ALTER TABLE audit_records DISABLE TRIGGER append_only")
        changed = "UPDATE audit_records SET body = $2 WHERE service = $1 AND sequence = 2"
        body = await database.fetchval(
            "SELECT body FROM audit_records WHERE service = $1 AND sequence = 2", service
        )
        await database.execute(changed, service, body.replace(b"reza", b"zara"))
        with pytest.raises(SystemExit):
            await verify_audit()
        assert f"{service}: 3 records, BROKEN at position 2" in capsys.readouterr().out
        await database.execute(changed, service, body)
    finally:
        await database.execute("ALTER TABLE audit_records ENABLE TRIGGER append_only")
        await database.close()
