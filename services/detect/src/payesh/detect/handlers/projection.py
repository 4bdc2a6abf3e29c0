"""The projection: what the observer published, as rows that can be queried."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.detect.adapters import incidents, passages, traffic
from payesh.detect.dependencies import Dependencies
from payesh.kit.bus import Delivery


async def project_passage(
    dependencies: Dependencies, session: AsyncSession, delivery: Delivery[Any]
) -> None:
    """Keep a passage until it expires."""
    await passages.add(session, delivery.event, datetime.now(UTC) + dependencies.passage_keep)


async def project_traffic(session: AsyncSession, delivery: Delivery[Any]) -> None:
    """Keep an interval's counts."""
    await traffic.add(session, delivery.event)


async def project_incident(session: AsyncSession, delivery: Delivery[Any]) -> None:
    """Keep an incident, or its end."""
    await incidents.put(session, delivery.event)
