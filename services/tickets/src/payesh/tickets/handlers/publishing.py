"""Events of citations on their way out: to the bus, and to other agencies' webhooks."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.contracts import CitationClosed, CitationIssued, CitationObjected, CitationRejected
from payesh.kit import outbox
from payesh.kit.webhooks import Announcement, announce
from payesh.tickets.handlers.actions import READ

ISSUED, REJECTED = "citation.issued", "citation.rejected"
OBJECTED, CLOSED = "citation.objected", "citation.closed"
ANNOUNCED: Mapping[str, str] = MappingProxyType(
    dict.fromkeys((ISSUED, REJECTED, OBJECTED, CLOSED), READ.scope)
)
"""Each type with the scope of what it tells."""

Announced = CitationIssued | CitationRejected | CitationObjected | CitationClosed


async def publish(session: AsyncSession, event: Announced) -> None:
    """Publish what became of a citation, if and when the transaction commits."""
    await outbox.add(session, event)
    await announce(session, _announcement(event))


def _announcement(event: Announced) -> Announcement:
    data: dict[str, Any] = {"citation_id": str(event.citation_id), "county": event.county}
    match event:
        case CitationIssued():
            kind, at = ISSUED, event.issued_at
            data["number"] = event.number
        case CitationRejected():
            kind, at = REJECTED, event.rejected_at
            data["reason"] = event.reason
        case CitationObjected():
            kind, at = OBJECTED, event.objected_at
        case CitationClosed():
            kind, at = CLOSED, event.closed_at
            data["reason"] = event.reason
    return Announcement(kind, at, data, event.county, event.road_class)
