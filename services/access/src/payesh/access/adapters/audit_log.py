"""The append-only audit log in PostgreSQL: records as the leaves of one Merkle tree."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, Text, bindparam, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters import merkle_tree
from payesh.access.adapters.audit_tables import AuditCount, AuditLeaf
from payesh.access.domain.audit_sequence import Anomaly, Count, anomalies
from payesh.access.domain.merkle import leaf_hash
from payesh.contracts import AuditReadRecorded

_CHUNK = 500
_Number = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A record as its service published it (`body`), with its place in the tree."""

    position: int
    leaf_hash: bytes
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Oddity:
    """An anomaly and the record that shows it; `position` is that of the leaf with its number."""

    anomaly: Anomaly
    record: AuditReadRecorded
    position: int


@dataclass(slots=True)
class Appended:
    """What became of a batch: new leaves with their positions, second deliveries, oddities."""

    added: list[tuple[int, AuditReadRecorded]] = field(default_factory=list)
    duplicates: int = 0
    oddities: list[Oddity] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """What is searched for: None is no condition. `purpose` is how it begins; `term` the digest of
    a condition of the search that was recorded; `before` the position of the last record of the
    page before."""

    service: str | None
    subject: str | None
    agency: str | None
    purpose: str | None
    resource: str | None
    terms: Sequence[str] | None
    since: datetime | None
    until: datetime | None
    before: int | None
    limit: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of numbers of an epoch that have not arrived, first and last."""

    service: str
    epoch: str
    first: int
    last: int


async def append(
    session: AsyncSession, records: Sequence[AuditReadRecorded], now: datetime
) -> Appended:
    """Add what is not stored yet, in this order. Other transactions that add wait for this one.

    A record whose number another record has is not added: it is returned as an oddity.
    Raises TreeDamaged.
    """
    await merkle_tree.lock(session)
    stored = await _stored(session, [_number(record) for record in records])
    counts = await counts_of(session, {record.service for record in records})
    frontier = await merkle_tree.frontier(session)
    outcome, rows, nodes = Appended(), [], []
    for record in records:
        body, number = record.to_json(), _number(record)
        hashed = leaf_hash(body)
        if number in stored:
            position, kept = stored[number]
            if kept == hashed:
                outcome.duplicates += 1
            else:
                outcome.oddities.append(Oddity(Anomaly.SEQUENCE_TAKEN, record, position))
            continue
        position = frontier.size
        epochs, epoch = counts.setdefault(record.service, {}), number[1]
        outcome.oddities += [
            Oddity(anomaly, record, position)
            for anomaly in anomalies(epochs, epoch, record.sequence)
        ]
        epochs[epoch] = epochs.get(epoch, Count(position, 0, 0)).after(record.sequence)
        stored[number] = position, hashed
        nodes += frontier.append(hashed)
        rows.append(_row(record, position, hashed, body, now))
        outcome.added.append((position, record))
    if rows:
        await session.execute(insert(AuditLeaf), rows)
        await merkle_tree.add_nodes(session, nodes)
        changed = {(record.service, record.epoch or "") for _, record in outcome.added}
        await _keep_counts(session, {key: counts[key[0]][key[1]] for key in changed})
    return outcome


def _number(record: AuditReadRecorded) -> _Number:
    return record.service, record.epoch or "", record.sequence


def _row(
    record: AuditReadRecorded, position: int, hashed: bytes, body: bytes, now: datetime
) -> dict[str, object]:
    return {
        "position": position,
        "leaf_hash": hashed,
        "body": body,
        "service": record.service,
        "epoch": record.epoch or "",
        "sequence": record.sequence,
        "recorded_at": record.recorded_at,
        "received_at": now,
        "subject": _storable(record.subject),
        "agency": _storable(record.agency),
        "purpose": None if record.purpose is None else _storable(record.purpose),
        "resource_ids": [_storable(each) for each in record.resource_ids],
        "query_terms": list(record.query_terms),
    }


def _storable(value: str) -> str:
    """Without NUL, which PostgreSQL does not store; the body keeps what was published."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}")


async def _stored(
    session: AsyncSession, numbers: Sequence[_Number]
) -> dict[_Number, tuple[int, bytes]]:
    rows = await session.execute(
        text(
            """
            SELECT leaf.service, leaf.epoch, leaf.sequence, leaf.position, leaf.leaf_hash
            FROM unnest(:services, :epochs, :sequences) AS wanted (service, epoch, sequence)
            JOIN audit_leaves AS leaf USING (service, epoch, sequence)
            """
        ).bindparams(
            bindparam("services", type_=ARRAY(Text)),
            bindparam("epochs", type_=ARRAY(Text)),
            bindparam("sequences", type_=ARRAY(BigInteger)),
        ),
        {
            "services": [number[0] for number in numbers],
            "epochs": [number[1] for number in numbers],
            "sequences": [number[2] for number in numbers],
        },
    )
    return {(row[0], row[1], row[2]): (row[3], row[4]) for row in rows}


async def counts_of(
    session: AsyncSession, services: set[str] | None = None
) -> dict[str, dict[str, Count]]:
    """Of these services (None: of all) each epoch, and how far its records have come."""
    query = select(AuditCount)
    if services is not None:
        query = query.where(AuditCount.service.in_(services))
    counts: dict[str, dict[str, Count]] = {}
    for row in await session.scalars(query):
        counts.setdefault(row.service, {})[row.epoch] = Count(
            row.first_position, row.last_sequence, row.records
        )
    return counts


async def _keep_counts(session: AsyncSession, changed: dict[tuple[str, str], Count]) -> None:
    statement = upsert(AuditCount)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[AuditCount.service, AuditCount.epoch],
            set_={
                "last_sequence": statement.excluded.last_sequence,
                "records": statement.excluded.records,
            },
        ),
        [
            {
                "service": service,
                "epoch": epoch,
                "first_position": count.first_position,
                "last_sequence": count.last_sequence,
                "records": count.records,
            }
            for (service, epoch), count in sorted(changed.items())
        ],
    )


async def find(session: AsyncSession, agency: str | None, query: AuditQuery) -> list[Leaf]:
    """Reads by the people of `agency` (None: of all), in order of arrival, the newest first."""
    statement = select(AuditLeaf).order_by(AuditLeaf.position.desc())
    for wanted in (agency, query.agency):
        if wanted is not None:
            statement = statement.where(AuditLeaf.agency == wanted)
    if query.service is not None:
        statement = statement.where(AuditLeaf.service == query.service)
    if query.subject is not None:
        statement = statement.where(AuditLeaf.subject == query.subject)
    if query.purpose is not None:
        statement = statement.where(AuditLeaf.purpose.startswith(query.purpose, autoescape=True))
    if query.resource is not None:
        statement = statement.where(AuditLeaf.resource_ids.contains([query.resource]))
    if query.terms is not None:
        statement = statement.where(AuditLeaf.query_terms.overlap(list(query.terms)))
    if query.since is not None:
        statement = statement.where(AuditLeaf.recorded_at >= query.since)
    if query.until is not None:
        statement = statement.where(AuditLeaf.recorded_at < query.until)
    if query.before is not None:
        statement = statement.where(AuditLeaf.position < query.before)
    return [_leaf(row) for row in await session.scalars(statement.limit(query.limit))]


async def leaf(session: AsyncSession, position: int) -> tuple[Leaf, str] | None:
    """The leaf at a position, and the agency of who read; None where the tree has none."""
    row = await session.get(AuditLeaf, position)
    return None if row is None else (_leaf(row), row.agency)


async def chunk(session: AsyncSession, start: int, end: int) -> list[tuple[Leaf, str]]:
    """At most 500 leaves from `start` on, before `end`, with the agency of who read."""
    rows = await session.scalars(
        select(AuditLeaf)
        .where(AuditLeaf.position >= start, AuditLeaf.position < end)
        .order_by(AuditLeaf.position)
        .limit(_CHUNK)
    )
    return [(_leaf(row), row.agency) for row in rows]


async def leaf_hashes(session: AsyncSession, start: int, end: int) -> AsyncIterator[bytes]:
    """The hashes of the leaves from `start` up to, not including, `end`, streamed."""
    rows = await session.stream(
        select(AuditLeaf.leaf_hash)
        .where(AuditLeaf.position >= start, AuditLeaf.position < end)
        .order_by(AuditLeaf.position)
    )
    async for row in rows:
        yield row.leaf_hash


async def gaps(session: AsyncSession, limit: int) -> list[Gap]:
    """Missing numbers: records lost, held back, or still on their way. Only epochs that lack any
    are read through."""
    rows = await session.execute(
        text(
            """
            SELECT service, epoch, before + 1, sequence - 1 FROM (
                SELECT service, epoch, sequence, lag(sequence, 1, 0)
                    OVER (PARTITION BY service, epoch ORDER BY sequence) AS before
                FROM audit_counts JOIN audit_leaves USING (service, epoch)
                WHERE records <> last_sequence
            ) AS numbered
            WHERE sequence - before > 1 ORDER BY service, epoch, sequence LIMIT :limit
            """
        ),
        {"limit": limit},
    )
    return [Gap(*row) for row in rows]


def _leaf(row: AuditLeaf) -> Leaf:
    return Leaf(row.position, row.leaf_hash, row.body, row.received_at)
