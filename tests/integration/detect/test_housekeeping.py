"""Passages expire whatever else fails."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from payesh.detect import main
from payesh.detect.adapters import passages, traffic
from payesh.detect.adapters.revisions import Revisions
from payesh.detect.adapters.tables import passages as table
from payesh.detect.adapters.views import Views
from payesh.detect.dependencies import Dependencies
from payesh.kit.lifecycle import running
from payesh.kit.query_digests import QueryDigests
from tests.integration.detect.conftest import CountingHouse
from tests.support.engine_settings import QUERY_KEY
from tests.support.passage_builder import passage
from tests.support.waiting import eventually


async def test_passages_go_on_expiring_when_counts_fail(
    house: CountingHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = 0

    async def fail(*_: object) -> None:
        nonlocal failures
        failures += 1
        raise RuntimeError("no room")

    monkeypatch.setattr(traffic, "expire", fail)
    monkeypatch.setattr(main, "_CHORES_EVERY_S", 0.05)
    digests = QueryDigests(QUERY_KEY)
    day = timedelta(days=1)
    dependencies = Dependencies(
        house.database,
        digests,
        Views(house.files),
        Revisions(house.files),
        asyncio.Semaphore(1),
        passage_keep=timedelta(hours=1),
        traffic_keep=day,
        incident_keep=day,
    )
    async with running(*main.chores(dependencies)):
        await eventually(lambda: failures > 0)
        expired = passage()
        async with house.database.transaction() as session:
            await passages.add(session, expired, datetime.now(UTC) - timedelta(seconds=1))

        async def gone() -> bool:
            async with house.database.transaction() as session:
                own = select(table.c.passage_id).where(table.c.passage_id == expired.passage_id)
                return (await session.execute(own)).first() is None

        await eventually(gone)
        seen = failures
        await eventually(lambda: failures > seen)
