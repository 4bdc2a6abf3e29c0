"""`/v1/audit`: who read which personal data. Reading this is recorded too."""

import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, TypeAdapter

from payesh.access.adapters.audit_log import AuditQuery, StoredRecord
from payesh.access.api.dependencies import DependenciesHere
from payesh.access.handlers import audit
from payesh.contracts import AuditReadRecorded
from payesh.kit.authorization import authorize
from payesh.kit.openapi import ShapeOf
from payesh.kit.paging import (
    Cursor,
    From,
    Limit,
    LongNumber,
    ShortText,
    To,
    UtcTime,
    decode_cursor,
    next_cursor,
)
from payesh.kit.principal import Principal

router = APIRouter(prefix="/v1/audit", tags=["audit"])
Auditor = Annotated[
    Principal, Depends(authorize(audit.READ, resource="the audit log", personal=True))
]
Overseer = Annotated[Principal, Depends(authorize(audit.READ, resource="the audit log"))]
_KEY = TypeAdapter(tuple[UtcTime, ShortText, LongNumber])


class RecordView(BaseModel):
    record: Annotated[dict[str, Any], ShapeOf(AuditReadRecorded)] = Field(
        description="as the service published it, audit.read.recorded.v1"
    )
    position: int = Field(description="in the service's chain")
    link_sha256: str
    previous_link_sha256: str
    received_at: datetime

    @classmethod
    def of(cls, record: StoredRecord) -> "RecordView":
        return cls(
            record=json.loads(record.body),
            position=record.position,
            link_sha256=record.link.hex(),
            previous_link_sha256=record.previous_link.hex(),
            received_at=record.received_at,
        )


class RecordPage(BaseModel):
    items: list[RecordView]
    next: str | None


class GapView(BaseModel):
    service: str
    first: int
    last: int


class ChainView(BaseModel):
    service: str
    records: int
    head_sha256: str


class Completeness(BaseModel):
    gaps: list[GapView] = Field(description="numbers that have not arrived; empty is complete")
    chains: list[ChainView]


@router.get("")
async def search_audit(
    dependencies: DependenciesHere,
    principal: Auditor,
    service: Annotated[ShortText | None, Query(max_length=64)] = None,
    subject: ShortText | None = None,
    resource: Annotated[ShortText | None, Query(description="an id")] = None,
    since: From = None,
    until: To = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> RecordPage:
    """Who read which personal data, the newest first: people of the caller's agency, of all for
    the operator's own."""
    query = AuditQuery(
        service=service,
        subject=subject,
        resource=resource,
        since=since,
        until=until,
        before=decode_cursor(cursor, _KEY),
        limit=limit,
    )
    found = await audit.search_audit(dependencies, principal, query)
    following = next_cursor(
        found, limit, lambda each: (each.recorded_at, each.service, each.sequence)
    )
    return RecordPage(items=[RecordView.of(record) for record in found], next=following)


@router.get("/gaps")
async def audit_gaps(dependencies: DependenciesHere, principal: Overseer) -> Completeness:
    """Missing numbers of each service (at most 1000 runs) and the heads of the chains. They belong
    to no one agency: the operator's own looks after them."""
    found = await audit.completeness(dependencies, principal)
    return Completeness(
        gaps=[GapView(service=gap.service, first=gap.first, last=gap.last) for gap in found.gaps],
        chains=[
            ChainView(service=chain.service, records=chain.records, head_sha256=chain.head.hex())
            for chain in found.chains
        ],
    )
