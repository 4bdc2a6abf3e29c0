"""The audit log is complete, in order, and cannot be changed."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from payesh.access.handlers.installation import require_append_only
from payesh.contracts import AuditReadRecorded, PlatesReadRecorded, TicketsReadRecorded
from payesh.contracts.schemas import SchemaViolation, check
from payesh.kit.bus import Producer
from payesh.kit.bus.envelope import envelope
from payesh.kit.database import Database
from payesh.kit.errors import SettingsError
from payesh.local.engines import EngineSet
from tests.support.waiting import eventually

from .conftest import RunningAccess


def record(epoch: str, sequence: int, **changed: Any) -> PlatesReadRecorded:
    """A record of plates in an epoch; who reads is the epoch's own person."""
    return PlatesReadRecorded.model_validate(
        {
            "record_id": uuid4(),
            "service": "plates",
            "epoch": epoch,
            "sequence": sequence,
            "recorded_at": datetime.now(UTC),
            "subject": f"person:{epoch}",
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
def epoch() -> str:
    return uuid4().hex


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


async def gaps_of(access: RunningAccess, epoch: str) -> list[tuple[int, int]]:
    """First and last of each run of numbers that an epoch's records lack."""
    answer = (await access.get("/v1/audit/gaps")).json()
    return [(gap["first"], gap["last"]) for gap in answer["gaps"] if gap["epoch"] == epoch]


async def alarms_of(access: RunningAccess, epoch: str, kind: str) -> list[dict[str, Any]]:
    """Open alarms of a kind about an epoch's records."""
    answer = await access.get("/v1/audit/alarms?open=true&limit=200")
    assert answer.status_code == 200, answer.text
    return [
        alarm
        for alarm in answer.json()["items"]
        if (alarm["kind"], alarm["details"].get("epoch")) == (kind, epoch)
    ]


async def test_a_record_delivered_twice_is_stored_once(
    access: RunningAccess, producer: Producer, epoch: str
) -> None:
    one = record(epoch, 1)
    for event in (one, one, record(epoch, 2)):
        await producer.publish(event)

    async def both_here() -> bool:
        return len(await found(access, subject=f"person:{epoch}")) >= 2

    await eventually(both_here)
    assert [each["sequence"] for each in await found(access, subject=f"person:{epoch}")] == [2, 1]


async def test_a_missing_number_is_listed_until_it_arrives(
    access: RunningAccess, producer: Producer, epoch: str
) -> None:
    for sequence in (2, 5):
        await producer.publish(record(epoch, sequence))

    async def shown() -> bool:
        return await gaps_of(access, epoch) == [(1, 1), (3, 4)]

    await eventually(shown)
    for sequence in (4, 1, 3):
        await producer.publish(record(epoch, sequence))

    async def whole() -> bool:
        return (
            await gaps_of(access, epoch) == []
            and len(await found(access, subject=f"person:{epoch}")) == 5
        )

    await eventually(whole)


async def test_a_second_record_of_one_number_replaces_nothing_and_raises_an_alarm(
    access: RunningAccess, producer: Producer, epoch: str
) -> None:
    await producer.publish(record(epoch, 1, purpose="the first"))
    await producer.publish(record(epoch, 1, purpose="the second"), event_id=uuid4())
    await producer.publish(record(epoch, 2))

    async def later_one_here() -> bool:
        return len(await found(access, subject=f"person:{epoch}")) == 2

    await eventually(later_one_here)
    kept = await found(access, subject=f"person:{epoch}")
    assert kept[-1]["purpose"] == "the first"
    (alarm,) = await alarms_of(access, epoch, "sequence-taken")
    assert json.loads(alarm["details"]["refused"])["purpose"] == "the second"


async def test_numbers_that_no_whole_database_gives_raise_alarms(
    access: RunningAccess, producer: Producer, epoch: str
) -> None:
    """A skipped number, a late one, and a second epoch with a return to the first."""
    restored = uuid4().hex
    for event in (
        record(epoch, 1),
        record(epoch, 3),
        record(epoch, 2),
        record(restored, 1),
        record(epoch, 4),
        record(restored, 2),
    ):
        await producer.publish(event)

    async def all_here() -> bool:
        return len(await found(access, subject=f"person:{restored}")) == 2

    await eventually(all_here)
    for kind, numbers in {
        "sequence-skipped": [(epoch, 3)],
        "sequence-backwards": [(epoch, 2)],
        "epoch-returned": [(epoch, 4)],
        "epoch-began": [(restored, 1)],
    }.items():
        raised = [
            (alarm["details"]["epoch"], alarm["details"]["sequence"])
            for number, _ in numbers
            for alarm in await alarms_of(access, number, kind)
        ]
        assert raised == numbers, kind


async def test_an_alarm_is_recorded_in_the_log_and_answered_once_by_a_person(
    access: RunningAccess, producer: Producer, epoch: str
) -> None:
    for event in (record(epoch, 1), record(epoch, 3)):
        await producer.publish(event)

    async def raised() -> bool:
        return len(await alarms_of(access, epoch, "sequence-skipped")) == 1

    await eventually(raised)
    (alarm,) = await alarms_of(access, epoch, "sequence-skipped")

    async def recorded() -> bool:
        reads = await found(access, service="access", resource=alarm["alarm_id"])
        return "alarm:sequence-skipped" in [read["action"] for read in reads]

    await eventually(recorded)
    path = f"/v1/audit/alarms/{alarm['alarm_id']}/review"
    machine = await access.bearer_with(scopes=["audit:read"])
    refused = await access.post(path, {"remark": "seen"}, machine)
    assert (refused.status_code, refused.json()["type"]) == (
        403,
        "urn:payesh:problem:person-required",
    )
    officer = await access.person_bearer()
    assert (await access.post(path, {"remark": "the relay was restarted"}, officer)).is_success
    again = await access.post(path, {"remark": "other"}, officer)
    assert again.status_code == 409
    assert await alarms_of(access, epoch, "sequence-skipped") == []


async def test_a_record_on_the_shared_topic_is_dead_lettered_with_an_alarm(
    access: RunningAccess, producer: Producer, epoch: str
) -> None:
    """Any service could have written it, in another's name."""
    forged = AuditReadRecorded.model_validate(record(epoch, 1).model_dump())
    await producer.publish(forged)

    async def raised() -> bool:
        alarms = (await access.get("/v1/audit/alarms?limit=200")).json()["items"]
        return any(alarm["details"].get("topic") == forged.topic for alarm in alarms)

    await eventually(raised)
    assert await found(access, subject=f"person:{epoch}") == []


async def test_a_service_cannot_write_in_anothers_name(
    access: RunningAccess, producer: Producer, epoch: str
) -> None:
    """The topic of tickets takes no record that says it is of plates."""
    forged = record(epoch, 1)
    with pytest.raises(SchemaViolation):
        check(TicketsReadRecorded.topic, json.loads(forged.to_json()), producing=True)
    own = envelope(forged)
    headers = [(n, v) for n, v in own.headers if n != "ce_type"]
    headers.append(("ce_type", TicketsReadRecorded.topic.encode()))
    await producer.publish_raw(TicketsReadRecorded.topic, own.key, own.value, headers)

    async def raised() -> bool:
        alarms = (await access.get("/v1/audit/alarms?limit=200")).json()["items"]
        return any(
            (alarm["kind"], alarm["details"].get("topic"))
            == ("dead-letter", TicketsReadRecorded.topic)
            for alarm in alarms
        )

    await eventually(raised)
    assert await found(access, subject=f"person:{epoch}") == []


async def test_records_are_found_by_each_condition(
    access: RunningAccess, producer: Producer, epoch: str
) -> None:
    subject = f"person:{epoch}"
    await producer.publish(record(epoch, 1, purpose="case 12 of 1405"))
    await producer.publish(record(epoch, 2, resource_ids=("x",), agency="highways"))
    await producer.publish(record(epoch, 3, purpose="c%se"))

    async def here() -> bool:
        return len(await found(access, subject=subject)) == 3

    await eventually(here)
    for numbers, query in (
        ([2], {"resource": "x"}),
        ([2], {"agency": "highways"}),
        ([2, 1], {"purpose": "case 12"}),
        ([3], {"purpose": "c%25se"}),
        ([3, 2, 1], {"service": "plates"}),
        ([], {"service": "tickets"}),
        ([], {"from": "2099-01-01T00:00:00Z"}),
        ([], {"to": "2001-01-01T00:00:00Z"}),
    ):
        reads = await found(access, subject=subject, **query)
        assert [read["sequence"] for read in reads] == numbers, query


async def test_pages_of_the_log_follow_each_other(
    access: RunningAccess, producer: Producer, epoch: str
) -> None:
    for number in range(1, 6):
        await producer.publish(record(epoch, number))

    async def here() -> bool:
        return len(await found(access, subject=f"person:{epoch}")) == 5

    await eventually(here)
    numbers, cursor = [], ""
    while cursor is not None:
        answer = await access.get(f"/v1/audit?subject=person:{epoch}&limit=2&cursor={cursor}")
        numbers += [item["record"]["sequence"] for item in answer.json()["items"]]
        cursor = answer.json()["next"]
    assert numbers == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_leaves SET subject = 'another'",
        "DELETE FROM audit_leaves",
        "TRUNCATE audit_leaves",
        "ALTER TABLE audit_leaves DISABLE TRIGGER append_only",
        "DROP TRIGGER append_only ON audit_leaves",
        "DROP TABLE audit_leaves",
        "UPDATE audit_nodes SET hash = ''",
        "DELETE FROM audit_tree_heads",
        "DELETE FROM audit_tree_head_keys",
        "DELETE FROM audit_alarms",
        "DELETE FROM audit_alarm_reviews",
    ],
)
async def test_the_services_own_role_cannot_change_the_log(
    access: RunningAccess, statement: str
) -> None:
    database = await access.database()
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await database.execute(statement)
    finally:
        await database.close()


async def test_a_process_whose_role_could_change_the_log_does_not_start(
    access: RunningAccess, engines: EngineSet
) -> None:
    """The owner of the tables, which may migrate and not serve."""
    owner = Database(engines.addresses()["migration_urls"]["access"])
    try:
        with pytest.raises(SettingsError, match="audit_leaves"):
            async with owner.transaction() as session:
                await require_append_only(session)
    finally:
        await owner.close()


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
    access: RunningAccess, producer: Producer, epoch: str
) -> None:
    agency = f"police-{epoch}"
    await access.post("/v1/agencies", {"agency_id": agency, "name": "پلیس"})
    auditor = await access.bearer_with(agency=agency, scopes=["audit:read"])
    await producer.publish(record(epoch, 1))
    await producer.publish(record(epoch, 2, agency=agency))

    async def both_here() -> bool:
        return len(await found(access, subject=f"person:{epoch}")) == 2

    await eventually(both_here)
    answer = await access.get(f"/v1/audit?subject=person:{epoch}", auditor)
    assert [item["record"]["sequence"] for item in answer.json()["items"]] == [2]
    whole = await access.get("/v1/audit/gaps", auditor)
    assert (whole.status_code, whole.json()["type"]) == (403, "urn:payesh:problem:other-agency")
