"""Endpoints and deliveries in the database, as their owner sees and changes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.kit.principal import Principal
from payesh.kit.webhooks.announcing import body
from payesh.kit.webhooks.tables import deliveries, endpoints

OVERLAP = timedelta(hours=24)
"""For how long the former secret signs as well."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where deliveries go. `paused` is None, or why nothing is sent."""

    endpoint_id: UUID
    subject: str
    agency: str
    claims: dict[str, Any]
    url: str
    types: tuple[str, ...]
    secret_version: int
    secret_changed_at: datetime | None
    created_at: datetime
    stands_until: datetime
    paused: str | None
    failures: int
    failing_since: datetime | None
    not_before: datetime

    def versions(self, now: datetime) -> list[int]:
        """The secret's versions that sign now, the newest first."""
        changed = self.secret_changed_at
        both = changed is not None and now < changed + OVERLAP
        return [self.secret_version, self.secret_version - 1] if both else [self.secret_version]


@dataclass(frozen=True, slots=True)
class Delivery:
    """`outcome` is the last attempt's: a status or why there was none. It waits while `ended_at` is
    None."""

    id: int
    delivery_id: UUID
    type: str
    body: bytes
    announced_at: datetime
    attempts: int
    ended_at: datetime | None
    outcome: str | None


_ENDPOINT = [endpoints.c[name] for name in Endpoint.__dataclass_fields__]
_DELIVERY = [deliveries.c[name] for name in Delivery.__dataclass_fields__]


def endpoint_of(row: Any) -> Endpoint:
    """The endpoint of a row that has its columns."""
    values = {name: getattr(row, name) for name in Endpoint.__dataclass_fields__}
    return Endpoint(**{**values, "types": tuple(row.types)})


def delivery_of(row: Any) -> Delivery:
    """The delivery of a row that has its columns."""
    return Delivery(**{name: getattr(row, name) for name in Delivery.__dataclass_fields__})


async def count_of(session: AsyncSession, subject: str) -> int:
    """How many endpoints the client has; held until the transaction's end, so that two requests do
    not both add the last one."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(subject, 0))))
    query = select(func.count()).select_from(endpoints).where(endpoints.c.subject == subject)
    return await session.scalar(query) or 0


async def add(
    session: AsyncSession, principal: Principal, url: str, types: Sequence[str], lease: timedelta
) -> Endpoint:
    endpoint_id = uuid4()
    values = {"endpoint_id": endpoint_id, "url": url, "types": sorted(set(types))}
    await session.execute(
        insert(endpoints).values(
            **values, subject=principal.subject, **_rights(principal, lease, datetime.now(UTC))
        )
    )
    found = await find(session, endpoint_id)
    assert found is not None  # noqa: S101 - it was just added
    return found


async def renew(
    session: AsyncSession, endpoint: Endpoint, principal: Principal, lease: timedelta
) -> None:
    """Let it stand on, with the rights that its client has now, and try again what waits."""
    now = datetime.now(UTC)
    await session.execute(
        update(endpoints)
        .where(endpoints.c.endpoint_id == endpoint.endpoint_id)
        .values(
            **_rights(principal, lease, now),
            paused=None,
            failures=0,
            failing_since=None,
            not_before=now,
        )
    )


async def replace_secret(session: AsyncSession, endpoint: Endpoint) -> int:
    """The new version of its secret."""
    version = endpoint.secret_version + 1
    await session.execute(
        update(endpoints)
        .where(endpoints.c.endpoint_id == endpoint.endpoint_id)
        .values(secret_version=version, secret_changed_at=datetime.now(UTC))
    )
    return version


async def find(session: AsyncSession, endpoint_id: UUID, *, lock: bool = False) -> Endpoint | None:
    """One endpoint of any client: the caller must compare its owner with who asks."""
    query = select(*_ENDPOINT).where(endpoints.c.endpoint_id == endpoint_id)
    if lock:
        query = query.with_for_update(key_share=True)  # announcements go on
    row = (await session.execute(query)).one_or_none()
    return None if row is None else endpoint_of(row)


async def of_subject(session: AsyncSession, subject: str) -> list[Endpoint]:
    """The client's endpoints, the newest first."""
    query = (
        select(*_ENDPOINT)
        .where(endpoints.c.subject == subject)
        .order_by(endpoints.c.created_at.desc())
    )
    return [endpoint_of(row) for row in await session.execute(query)]


async def remove(session: AsyncSession, endpoint_id: UUID) -> None:
    """With its deliveries."""
    await session.execute(delete(endpoints).where(endpoints.c.endpoint_id == endpoint_id))


async def waiting(session: AsyncSession, endpoint_id: UUID) -> int:
    """How many deliveries wait."""
    query = (
        select(func.count())
        .select_from(deliveries)
        .where(deliveries.c.endpoint_id == endpoint_id, deliveries.c.ended_at.is_(None))
    )
    return await session.scalar(query) or 0


async def page(
    session: AsyncSession, endpoint_id: UUID, *, before: int | None, limit: int
) -> list[Delivery]:
    """Deliveries, the newest first, before the one with the id `before`."""
    query = select(*_DELIVERY).where(deliveries.c.endpoint_id == endpoint_id)
    if before is not None:
        query = query.where(deliveries.c.id < before)
    rows = await session.execute(query.order_by(deliveries.c.id.desc()).limit(limit))
    return [delivery_of(row) for row in rows]


async def add_test(session: AsyncSession, endpoint_id: UUID, kind: str) -> UUID:
    """One delivery to this endpoint alone, which says nothing; its id."""
    delivery_id = uuid4()
    await session.execute(
        insert(deliveries).values(
            delivery_id=delivery_id,
            endpoint_id=endpoint_id,
            type=kind,
            body=body(kind, datetime.now(UTC), {}),
        )
    )
    return delivery_id


async def replay(
    session: AsyncSession, endpoint_id: UUID, since: datetime, until: datetime, most: int
) -> int:
    """Let the oldest `most` ended deliveries of the span wait again, under their ids; how many."""
    chosen = (
        select(deliveries.c.id)
        .where(
            deliveries.c.endpoint_id == endpoint_id,
            deliveries.c.announced_at >= since,
            deliveries.c.announced_at < until,
            deliveries.c.ended_at.is_not(None),
        )
        .order_by(deliveries.c.id)
        .limit(most)
    )
    done = await session.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(chosen))
        .values(ended_at=None, outcome=None, attempts=0)
        .returning(deliveries.c.id)
    )
    return len(done.all())


def _rights(principal: Principal, lease: timedelta, now: datetime) -> dict[str, Any]:
    bounds = principal.bounds
    return {
        "agency": principal.agency,
        "claims": {
            "sub": principal.subject,
            "client_id": principal.actor,
            "agency": principal.agency,
            "iat": now.timestamp(),
        },
        "counties": None if bounds.counties is None else sorted(bounds.counties),
        "road_classes": None if bounds.road_classes is None else sorted(bounds.road_classes),
        "stands_until": now + lease,
    }
