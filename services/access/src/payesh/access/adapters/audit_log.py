"""The append-only audit log in PostgreSQL, and its hash chains: one a service."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters.tables import AuditChain, AuditRecord
from payesh.access.domain.audit_chain import GENESIS, link
from payesh.contracts import AuditReadRecorded
from payesh.kit.errors import MessageFault


class SequenceTaken(MessageFault):
    """Two different records claim one number: one of them is false, and an operator must look."""

    def __init__(self, service: str, sequence: int) -> None:
        super().__init__(
            f"another audit record of {service} already has number {sequence}", retry=False
        )


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as its service published it (`body`), with its place in that service's chain."""

    service: str
    sequence: int
    position: int
    recorded_at: datetime
    body: bytes
    previous_link: bytes
    link: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """What is searched for: None is no condition. `before` is the time, service and number of the
    last record of the page before."""

    service: str | None
    subject: str | None
    resource: str | None
    since: datetime | None
    until: datetime | None
    before: tuple[datetime, str, int] | None
    limit: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of numbers that have not arrived, first and last."""

    service: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Chain:
    """The head of a service's chain, and how many records it holds."""

    service: str
    records: int
    head: bytes


async def append(session: AsyncSession, record: AuditReadRecorded, now: datetime) -> bool:
    """Add the next link; False for a record that is stored already. Raises SequenceTaken."""
    body = record.to_json()
    chain = await _locked_chain(session, record.service)
    stored = await session.get(AuditRecord, (record.service, record.sequence))
    if stored is not None:
        if stored.body != body:
            raise SequenceTaken(record.service, record.sequence)
        return False
    position, previous = chain.position + 1, chain.head
    new = link(previous, body)
    session.add(
        AuditRecord(
            service=record.service,
            sequence=record.sequence,
            position=position,
            recorded_at=record.recorded_at,
            subject=record.subject,
            resource_kind=record.resource_kind,
            resource_ids=list(record.resource_ids),
            agency=record.agency,
            body=body,
            previous_link=previous,
            link=new,
            received_at=now,
        )
    )
    chain.position, chain.head = position, new
    return True


async def _locked_chain(session: AsyncSession, service: str) -> AuditChain:
    await session.execute(
        insert(AuditChain)
        .values(service=service, position=0, head=GENESIS)
        .on_conflict_do_nothing()
    )
    return await session.get_one(AuditChain, service, with_for_update=True)


async def find(session: AsyncSession, agency: str | None, query: AuditQuery) -> list[StoredRecord]:
    """Reads by the people of `agency` (None: of all), the newest first."""
    order = (AuditRecord.recorded_at, AuditRecord.service, AuditRecord.sequence)
    statement = select(AuditRecord).order_by(*(column.desc() for column in order))
    if agency is not None:
        statement = statement.where(AuditRecord.agency == agency)
    if query.service is not None:
        statement = statement.where(AuditRecord.service == query.service)
    if query.subject is not None:
        statement = statement.where(AuditRecord.subject == query.subject)
    if query.resource is not None:
        statement = statement.where(AuditRecord.resource_ids.contains([query.resource]))
    if query.since is not None:
        statement = statement.where(AuditRecord.recorded_at >= query.since)
    if query.until is not None:
        statement = statement.where(AuditRecord.recorded_at < query.until)
    if query.before is not None:
        statement = statement.where(tuple_(*order) < tuple_(*query.before))
    return [_stored(row) for row in await session.scalars(statement.limit(query.limit))]


async def gaps(session: AsyncSession, limit: int) -> list[Gap]:
    """Missing numbers of all services: records lost, held back, or still on their way."""
    rows = await session.execute(
        text(
            """
            SELECT service, before + 1, sequence - 1 FROM (
                SELECT service, sequence,
                       lag(sequence, 1, 0) OVER (PARTITION BY service ORDER BY sequence) AS before
                FROM audit_records
            ) AS numbered
            WHERE sequence - before > 1 ORDER BY service, sequence LIMIT :limit
            """
        ),
        {"limit": limit},
    )
    return [Gap(*row) for row in rows]


async def chains(session: AsyncSession) -> list[Chain]:
    """The chain of every service that has published a record."""
    rows = await session.scalars(select(AuditChain).order_by(AuditChain.service))
    return [Chain(row.service, row.position, row.head) for row in rows]


async def links(
    session: AsyncSession, service: str
) -> AsyncIterator[tuple[int, bytes, bytes, bytes]]:
    """(position, previous link, body, link) of a service in the order of positions, streamed."""
    query = (
        select(AuditRecord.position, AuditRecord.previous_link, AuditRecord.body, AuditRecord.link)
        .where(AuditRecord.service == service)
        .order_by(AuditRecord.position)
    )
    async for row in await session.stream(query):
        yield row.position, row.previous_link, row.body, row.link


def _stored(row: AuditRecord) -> StoredRecord:
    return StoredRecord(
        service=row.service,
        sequence=row.sequence,
        position=row.position,
        recorded_at=row.recorded_at,
        body=row.body,
        previous_link=row.previous_link,
        link=row.link,
        received_at=row.received_at,
    )
