"""What the observer said, as tables that can be asked."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.detect.adapters import passages, traffic
from payesh.kit.bus import Delivery


@dataclass(frozen=True)
class Projection:
    """Passages are personal data and stay for `passage_keep` only; counts are not."""

    passage_keep: timedelta

    async def passage_observed(self, session: AsyncSession, delivery: Delivery[Any]) -> None:
        await passages.add(session, delivery.event, datetime.now(UTC) + self.passage_keep)

    async def traffic_counted(self, session: AsyncSession, delivery: Delivery[Any]) -> None:
        await traffic.add(session, delivery.event)
