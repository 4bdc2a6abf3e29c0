"""`/v1/audit`: who read which personal data. Reading this is recorded too."""

import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field, TypeAdapter

from payesh.access import handlers
from payesh.access.adapters import audit_log
from payesh.access.adapters.tables import AuditRecord
from payesh.access.api.state import access_of
from payesh.contracts import AuditReadRecorded
from payesh.kit.audit import record_read
from payesh.kit.authorization import Principal, authorize
from payesh.kit.errors import Forbidden
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

router = APIRouter(prefix="/v1/audit", tags=["audit"])
Auditor = Annotated[
    Principal, Depends(authorize("audit:read", resource="the audit log", personal=True))
]
Overseer = Annotated[Principal, Depends(authorize("audit:read", resource="the audit log"))]
_GAPS_LIMIT = 1000
_KEY = TypeAdapter(tuple[UtcTime, ShortText, LongNumber])


class RecordView(BaseModel):
    record: Annotated[dict[str, Any], ShapeOf(AuditReadRecorded)] = Field(
        description="as the service said it, audit.read.recorded.v1"
    )
    position: int = Field(description="in the service's chain")
    link_sha256: str
    previous_link_sha256: str
    received_at: datetime

    @classmethod
    def of(cls, row: AuditRecord) -> "RecordView":
        return cls(
            record=json.loads(row.body),
            position=row.position,
            link_sha256=row.link.hex(),
            previous_link_sha256=row.previous_link.hex(),
            received_at=row.received_at,
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
    request: Request,
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
    access = access_of(request)
    before = decode_cursor(cursor, _KEY)
    async with access.database.transaction() as session:
        rows = await audit_log.find(
            session,
            handlers.audit_bound(principal),
            service=service,
            subject=subject,
            resource=resource,
            since=since,
            until=until,
            before=before,
            limit=limit,
        )
        await record_read(
            session,
            principal,
            service=access.settings.service,
            scope="audit:read",
            action="search",
            resource_kind="audit-record",
            resource_ids=[f"{row.service}/{row.sequence}" for row in rows],
        )
    following = next_cursor(rows, limit, lambda row: (row.recorded_at, row.service, row.sequence))
    return RecordPage(items=[RecordView.of(row) for row in rows], next=following)


@router.get("/gaps")
async def audit_gaps(request: Request, principal: Overseer) -> Completeness:
    """Missing numbers of each service (at most 1000 runs) and the heads of the chains. They are
    of no one agency's: the operator's own looks after them."""
    if handlers.audit_bound(principal) is not None:
        raise Forbidden("the chains are the operator's to look after", type="other-agency")
    async with access_of(request).database.transaction() as session:
        gaps = await audit_log.gaps(session, _GAPS_LIMIT)
        chains = await audit_log.chains(session)
    return Completeness(
        gaps=[GapView(service=gap.service, first=gap.first, last=gap.last) for gap in gaps],
        chains=[
            ChainView(service=chain.service, records=chain.records, head_sha256=chain.head.hex())
            for chain in chains
        ],
    )
