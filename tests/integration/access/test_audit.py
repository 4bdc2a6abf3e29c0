"""The audit log: whole, in order, and not to be changed."""

from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest

from payesh.access.main import verify_audit
from payesh.contracts import AuditReadRecorded
from payesh.kit.bus import Producer

from .conftest import eventually


def record(service: str, sequence: int, **changed) -> AuditReadRecorded:
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
async def producer(house):
    producer = Producer(house.settings)
    await producer.start()
    yield producer
    await producer.stop()


async def found(house, **query):
    text = "&".join(f"{name}={value}" for name, value in query.items())
    answer = await house.get(f"/v1/audit?{text}")
    assert answer.status_code == 200, answer.text
    return [item["record"] for item in answer.json()["items"]]


async def gaps_of(house, service):
    answer = (await house.get("/v1/audit/gaps")).json()
    return [(gap["first"], gap["last"]) for gap in answer["gaps"] if gap["service"] == service]


async def test_a_record_that_comes_twice_is_kept_once(house, producer, service):
    one = record(service, 1)
    for event in (one, one, record(service, 2)):
        await producer.publish(event)

    async def both_here():
        return len(await found(house, service=service)) >= 2

    await eventually(both_here)
    assert [each["sequence"] for each in await found(house, service=service)] == [2, 1]


async def test_a_missing_number_is_seen_until_it_arrives(house, producer, service):
    for sequence in (2, 5):
        await producer.publish(record(service, sequence))

    async def shown():
        return await gaps_of(house, service) == [(1, 1), (3, 4)]

    await eventually(shown)
    for sequence in (4, 1, 3):
        await producer.publish(record(service, sequence))

    async def whole():
        return await gaps_of(house, service) == [] and len(await found(house, service=service)) == 5

    await eventually(whole)


async def test_a_second_record_of_one_number_replaces_nothing(house, producer, service):
    await producer.publish(record(service, 1, subject="person:first"))
    await producer.publish(record(service, 1, subject="person:second"), event_id=uuid4())
    await producer.publish(record(service, 2))

    async def later_one_here():
        return len(await found(house, service=service)) == 2

    await eventually(later_one_here)
    kept = await found(house, service=service)
    assert kept[-1]["subject"] == "person:first"


async def test_records_are_found_by_who_and_what(house, producer, service):
    await producer.publish(record(service, 1, subject=f"person:{service}"))
    await producer.publish(record(service, 2, resource_ids=("x",)))

    async def here():
        return len(await found(house, service=service)) == 2

    await eventually(here)
    assert [r["sequence"] for r in await found(house, subject=f"person:{service}")] == [1]
    assert [r["sequence"] for r in await found(house, service=service, resource="x")] == [2]
    assert await found(house, service=service, **{"from": "2099-01-01T00:00:00Z"}) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_records SET subject = 'nobody'",
        "DELETE FROM audit_records",
        "TRUNCATE audit_records",
    ],
)
async def test_the_services_own_role_cannot_change_the_log(house, producer, service, statement):
    await producer.publish(record(service, 1))

    async def here():
        return len(await found(house, service=service)) == 1

    await eventually(here)
    database = await house.database()
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await database.execute(statement)
    finally:
        await database.close()


async def test_reading_people_and_the_log_is_itself_in_the_log(house):
    officer = (await house.new_person()).json()
    await house.get(f"/v1/people/{officer['person_id']}")
    await house.get("/v1/audit?service=nobody")

    async def both_here():
        reads = await found(house, service="access", resource=officer["person_id"])
        searches = await found(house, service="access")
        return bool(reads) and any(r["resource_kind"] == "audit-record" for r in searches)

    await eventually(both_here)
    read = (await found(house, service="access", resource=officer["person_id"]))[0]
    assert read["subject"] == "person:sara.mohammadi"
    assert read["purpose"] == "test"


async def test_writing_people_answers_with_them_and_is_in_the_log(house):
    officer = (await house.new_person()).json()
    await house.patch(f"/v1/people/{officer['person_id']}", {})

    async def both_here():
        reads = await found(house, service="access", resource=officer["person_id"])
        return sorted(read["action"] for read in reads) == ["change", "register"]

    await eventually(both_here)


async def test_an_agencys_auditor_sees_its_own_people_only(house, producer, service):
    agency = f"police-{service}"
    await house.post("/v1/agencies", {"agency_id": agency, "name": "پلیس"})
    auditor = await house.bearer_with(agency=agency, scopes=["audit:read"])
    await producer.publish(record(service, 1))
    await producer.publish(record(service, 2, agency=agency))

    async def both_here():
        return len(await found(house, service=service)) == 2

    await eventually(both_here)
    answer = await house.get(f"/v1/audit?service={service}", auditor)
    assert [item["record"]["sequence"] for item in answer.json()["items"]] == [2]
    whole = await house.get("/v1/audit/gaps", auditor)
    assert (whole.status_code, whole.json()["type"]) == (403, "urn:payesh:problem:other-agency")


async def test_a_rewritten_row_breaks_the_chain(house, producer, service, monkeypatch, capsys):
    for sequence in (1, 2, 3):
        await producer.publish(record(service, sequence))

    async def here():
        return len(await found(house, service=service)) == 3

    await eventually(here)
    monkeypatch.setenv("PAYESH_DATABASE_URL", house.settings.database_url.get_secret_value())
    await verify_audit()
    assert f"{service}: 3 records, holds" in capsys.readouterr().out
    database = await house.database()
    try:
        # As somebody would who owns the table and takes the trigger away for a moment.
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
