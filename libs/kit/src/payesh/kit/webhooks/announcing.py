"""Announcements become deliveries, one for each endpoint that may know, in their transaction."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_ADD = text("""
    INSERT INTO webhook_deliveries (delivery_id, endpoint_id, type, body)
    SELECT gen_random_uuid(), endpoint_id, :type, :body
    FROM webhook_endpoints
    WHERE :type = ANY (types)
      AND (counties IS NULL OR :county = ANY (counties))
      AND (road_classes IS NULL OR :road_class = ANY (road_classes))
      AND stands_until > now()
      AND (paused IS NULL OR paused = 'unreachable')
    FOR KEY SHARE  -- one that is removed meanwhile is left out, not a fault of who announces
""")


@dataclass(frozen=True, slots=True)
class Announcement:
    """What happened, where. `data` names things by their ids and says nothing about a person or a
    vehicle: who may know more asks for it, and that is on record."""

    type: str
    at: datetime
    data: dict[str, Any]
    county: str
    road_class: str


async def announce(session: AsyncSession, announcement: Announcement) -> None:
    """Add a delivery for each endpoint of this type and place, if and when the transaction
    commits."""
    await session.execute(
        _ADD,
        {
            "type": announcement.type,
            "body": body(announcement.type, announcement.at, announcement.data),
            "county": announcement.county,
            "road_class": announcement.road_class,
        },
    )


def body(kind: str, at: datetime, data: dict[str, Any]) -> bytes:
    """The payload as it is signed and sent (Standard Webhooks)."""
    moment = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    document = {"type": kind, "timestamp": moment, "data": data}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
