"""Reads expire although partitions fail, and one day without a partition costs no other day's."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text

from payesh.kit.lifecycle import running
from payesh.kit.query_digests import QueryDigests
from payesh.plates import main
from payesh.plates.adapters import reads
from payesh.plates.adapters.tables import reads as table
from payesh.plates.dependencies import Dependencies
from tests.integration.plates.conftest import RunningService
from tests.support.engine_settings import QUERY_KEY
from tests.support.violation_builder import plate_read, violation
from tests.support.waiting import eventually

DAY = date(2031, 5, 3)
"""A day of no other test."""


async def test_a_day_in_the_default_partition_stays_there_and_others_are_made(
    service: RunningService,
) -> None:
    noon = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC)
    early = plate_read(violation(), "99ی99999").model_copy(update={"captured_at": noon})
    async with service.database.transaction() as session:
        await reads.add(session, early, datetime.now(UTC) + timedelta(hours=1))
    async with service.database.transaction() as session:
        await reads.ensure_partitions(session, DAY, days_ahead=2)
    async with service.database.transaction() as session:
        made = [
            await session.scalar(text("SELECT to_regclass(:name)::text"), {"name": name})
            for name in (f"reads_{DAY + timedelta(days=n):%Y%m%d}" for n in range(-1, 3))
        ]
        lies_in = await session.scalar(
            text("SELECT tableoid::regclass::text FROM reads WHERE passage_id = :id"),
            {"id": early.passage_id},
        )
    assert made == ["reads_20310502", None, "reads_20310504", "reads_20310505"]
    assert lies_in == "reads_other"


async def test_reads_go_on_expiring_when_partitions_fail(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = 0

    async def fail(*_: object) -> None:
        nonlocal failures
        failures += 1
        raise RuntimeError("no partitions")

    monkeypatch.setattr(reads, "ensure_partitions", fail)
    monkeypatch.setattr(main, "_CHORES_EVERY_S", 0.05)
    async with running(*main.chores(Dependencies(service.database, QueryDigests(QUERY_KEY)))):
        await eventually(lambda: failures > 0)
        expired = plate_read(violation(), "99ی99999")
        async with service.database.transaction() as session:
            await reads.add(session, expired, datetime.now(UTC) - timedelta(seconds=1))

        async def gone() -> bool:
            async with service.database.transaction() as session:
                own = select(table.c.read_id).where(table.c.passage_id == expired.passage_id)
                return (await session.execute(own)).first() is None

        await eventually(gone)
        seen = failures
        await eventually(lambda: failures > seen)
