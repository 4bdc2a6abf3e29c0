"""`/v1/audit`: who read which personal data. Reading this is recorded too."""

import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field, TypeAdapter

from payesh.access.adapters.audit_log import AuditQuery, Leaf
from payesh.access.api.dependencies import DependenciesHere
from payesh.access.handlers import audit
from payesh.contracts import AuditReadRecorded
from payesh.kit.authorization import authorize, note_search
from payesh.kit.openapi import ShapeOf
from payesh.kit.paging import (
    MAX_CURSOR,
    MAX_PAGE,
    Cursor,
    From,
    Limit,
    LongNumber,
    ShortText,
    Text,
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
_POSITION = TypeAdapter(tuple[LongNumber])


class RecordView(BaseModel):
    record: Annotated[dict[str, Any], ShapeOf(AuditReadRecorded)] = Field(
        description="as the service published it, audit.read.recorded.v1"
    )
    position: int = Field(description="in the log's Merkle tree, from 0")
    leaf_sha256: str = Field(description="RFC 6962 hash of the record as it was published")
    received_at: datetime

    @classmethod
    def of(cls, leaf: Leaf) -> "RecordView":
        return cls(
            record=json.loads(leaf.body),
            position=leaf.position,
            leaf_sha256=leaf.leaf_hash.hex(),
            received_at=leaf.received_at,
        )


class RecordPage(BaseModel):
    items: list[RecordView]
    next: str | None


class PlateRecordPage(RecordPage):
    terms: list[str] = Field(
        description="digests of the conditions that find this plate, to search a verified export "
        "with: `verify-audit --find term=…`"
    )


class PlateSearch(BaseModel):
    plate: Annotated[ShortText, Field(min_length=1, max_length=32)]
    since: UtcTime | None = Field(None, alias="from")
    until: UtcTime | None = Field(None, alias="to")
    cursor: Annotated[Text | None, Field(max_length=MAX_CURSOR)] = None
    limit: int = Field(50, ge=1, le=MAX_PAGE)


async def _noted(request: Request, search: PlateSearch) -> PlateSearch:
    conditions = audit.plate_conditions(search.plate, search.since, search.until)
    note_search(request, conditions)
    return search


Searched = Annotated[PlateSearch, Depends(_noted)]


class GapView(BaseModel):
    service: str
    epoch: str = Field(description="empty for records without an epoch")
    first: int
    last: int


class CountView(BaseModel):
    service: str
    epoch: str
    first_position: int
    last_sequence: int
    records: int


class Completeness(BaseModel):
    gaps: list[GapView] = Field(description="numbers that have not arrived; empty is complete")
    counts: list[CountView]


@router.get("")
async def search_audit(
    dependencies: DependenciesHere,
    principal: Auditor,
    service: Annotated[ShortText | None, Query(max_length=64)] = None,
    subject: Annotated[
        ShortText | None, Query(description="`person:` and the username, or a client's id")
    ] = None,
    agency: ShortText | None = None,
    purpose: Annotated[ShortText | None, Query(description="how it begins")] = None,
    resource: Annotated[ShortText | None, Query(description="an id")] = None,
    since: From = None,
    until: To = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> RecordPage:
    """Who read which personal data, in order of arrival, the newest first: people of the caller's
    agency, of all for the operator's own."""
    after = decode_cursor(cursor, _POSITION)
    query = AuditQuery(
        service=service,
        subject=subject,
        agency=agency,
        purpose=purpose,
        resource=resource,
        terms=None,
        since=since,
        until=until,
        before=after[0] if after else None,
        limit=limit,
    )
    found = await audit.search_audit(dependencies, principal, query)
    following = next_cursor(found, limit, lambda each: (each.position,))
    return RecordPage(items=[RecordView.of(leaf) for leaf in found], next=following)


@router.post("/plate-searches")
async def search_audit_for_plate(
    search: Searched, dependencies: DependenciesHere, principal: Auditor
) -> PlateRecordPage:
    """Who looked for a plate, in whatever spelling and with whatever places unknown, found or not.
    A body, so that no plate stands in an address. For plates of layout car."""
    after = decode_cursor(search.cursor, _POSITION)
    terms, found = await audit.search_audit_for_plate(
        dependencies,
        principal,
        search.plate,
        since=search.since,
        until=search.until,
        before=after[0] if after else None,
        limit=search.limit,
    )
    following = next_cursor(found, search.limit, lambda each: (each.position,))
    return PlateRecordPage(
        items=[RecordView.of(leaf) for leaf in found], next=following, terms=terms
    )


@router.get("/gaps")
async def audit_gaps(dependencies: DependenciesHere, principal: Overseer) -> Completeness:
    """Missing numbers of each service (at most 1000 runs), and how far its records have come. They
    belong to no one agency: the operator's own looks after them."""
    found = await audit.completeness(dependencies, principal)
    return Completeness(
        gaps=[
            GapView(service=gap.service, epoch=gap.epoch, first=gap.first, last=gap.last)
            for gap in found.gaps
        ],
        counts=[
            CountView(
                service=service,
                epoch=epoch,
                first_position=count.first_position,
                last_sequence=count.last_sequence,
                records=count.records,
            )
            for service, epochs in sorted(found.counts.items())
            for epoch, count in sorted(epochs.items())
        ],
    )
