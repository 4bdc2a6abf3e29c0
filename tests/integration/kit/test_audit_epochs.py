"""Audit records of a restored database count in an epoch of their own."""

import secrets

import asyncpg
from sqlalchemy import delete, select, text, update

from payesh.contracts import AuditReadRecorded
from payesh.kit.audit import record_read
from payesh.kit.database import Database
from payesh.kit.principal import Bounds, Principal
from payesh.kit.tables import audit_counter, outbox
from payesh.local.engines import EngineSet

READER = Principal(
    subject="person:sara",
    actor="plates-pages",
    agency="police",
    scopes=frozenset(),
    bounds=Bounds(None, None),
    purpose="test",
    grant_id=None,
)


async def numbers(database: Database, count: int) -> list[tuple[str | None, int]]:
    """Epoch and sequence of that many reads, recorded now."""
    async with database.transaction() as session:
        await session.execute(delete(outbox))
    for _ in range(count):
        async with database.transaction() as session:
            await record_read(
                session,
                READER,
                service="plates",
                scope="reads:read",
                action="search",
                resource_kind="read",
                resource_ids=["r-1"],
            )
    async with database.transaction() as session:
        rows = (await session.scalars(select(outbox.c.body).order_by(outbox.c.id))).all()
    records = [AuditReadRecorded.from_json(body) for body in rows]
    return [(record.epoch, record.sequence) for record in records]


async def test_reads_of_one_database_count_on_in_its_epoch(database: Database) -> None:
    first, second = await numbers(database, 1), await numbers(database, 2)
    (epoch, start), *_ = first
    assert epoch is not None
    assert second == [(epoch, start + 1), (epoch, start + 2)]


async def test_a_restored_copy_counts_from_one_in_another_epoch(
    database: Database, engines: EngineSet
) -> None:
    before = await numbers(database, 3)
    await database.close()
    copy = f"kit_copy_{secrets.token_hex(4)}"
    connection = await asyncpg.connect(engines.database.dsn())
    try:
        await connection.execute(f"CREATE DATABASE {copy} OWNER kit_test TEMPLATE kit_test")
    finally:
        await connection.close()
    url = engines.database.database_url("kit_test").rsplit("/", 1)[0] + f"/{copy}"
    restored = Database(url)
    try:
        after = await numbers(restored, 2)
    finally:
        await restored.close()
    assert [sequence for _, sequence in after] == [1, 2]
    assert {epoch for epoch, _ in before} & {epoch for epoch, _ in after} == set()
    goes_on = await numbers(database, 1)
    assert goes_on == [(before[-1][0], before[-1][1] + 1)]


async def test_a_counter_from_before_there_were_epochs_begins_one(database: Database) -> None:
    await numbers(database, 1)
    async with database.transaction() as session:
        await session.execute(update(audit_counter).values(epoch=None, incarnation=None, last=41))
    (epoch, sequence), *_ = await numbers(database, 1)
    assert epoch is not None and sequence == 1


async def test_the_incarnation_changes_with_the_timeline(database: Database) -> None:
    """A promoted standby may lack the last records of what it replaces."""
    await numbers(database, 1)
    async with database.transaction() as session:
        incarnation = await session.scalar(select(audit_counter.c.incarnation))
        timeline = await session.scalar(text("SELECT timeline_id FROM pg_control_checkpoint()"))
    assert int((incarnation or "").split("/")[1], 16) == timeline
