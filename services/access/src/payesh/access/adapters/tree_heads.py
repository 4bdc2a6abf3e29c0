"""Signed tree heads in PostgreSQL, the keys that sign them, and where they have been published."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters.audit_tables import AuditPublication, TreeHeadKey
from payesh.access.adapters.audit_tables import TreeHead as TreeHeadRow
from payesh.access.adapters.key_ring import SealedKey
from payesh.access.domain.tree_head import TreeHead

_LOCK = "payesh-access-tree-heads"


@dataclass(frozen=True, slots=True)
class StoredHead:
    """A head as it was signed: `statement` is what is published."""

    tree_size: int
    root_hash: bytes
    signed_at: datetime
    statement: str


@dataclass(frozen=True, slots=True)
class Signer:
    """The key that signs heads, and the statement by which the one before handed over to it."""

    key: SealedKey
    endorsement: str | None


@dataclass(frozen=True, slots=True)
class Publication:
    """How far a place outside the service's reach has come; 0 leaves where it has nothing yet."""

    tree_size: int
    published_at: datetime | None


async def try_lock(session: AsyncSession, name: str) -> bool:
    """Whether this transaction alone does what `name` names: signs, or publishes to one target."""
    key = func.hashtextextended(f"{_LOCK}|{name}", 0)
    return bool(await session.scalar(select(func.pg_try_advisory_xact_lock(key))))


async def add(session: AsyncSession, head: TreeHead, statement: str) -> None:
    """Store a signed head."""
    await session.execute(
        insert(TreeHeadRow).values(
            tree_size=head.tree_size,
            root_hash=head.root_hash,
            signed_at=head.signed_at,
            statement=statement,
        )
    )


async def latest(session: AsyncSession) -> StoredHead | None:
    """The head of the largest tree; None before the first."""
    row = await session.scalar(select(TreeHeadRow).order_by(TreeHeadRow.tree_size.desc()).limit(1))
    return None if row is None else _stored(row)


async def page(session: AsyncSession, after: int, limit: int) -> list[StoredHead]:
    """Heads of trees larger than `after`, the smallest first."""
    rows = await session.scalars(
        select(TreeHeadRow)
        .where(TreeHeadRow.tree_size > after)
        .order_by(TreeHeadRow.tree_size)
        .limit(limit)
    )
    return [_stored(row) for row in rows]


async def lock(session: AsyncSession, name: str) -> None:
    """Wait for what `try_lock` asks for, until the transaction ends."""
    key = func.hashtextextended(f"{_LOCK}|{name}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(key)))


async def signer(session: AsyncSession) -> Signer | None:
    """The newest key. None before the first start."""
    row = await session.scalar(
        select(TreeHeadKey).order_by(TreeHeadKey.created_at.desc(), TreeHeadKey.key_id).limit(1)
    )
    if row is None:
        return None
    key = SealedKey(row.key_id, row.private_key_encrypted, row.public_jwk)
    return Signer(key, row.endorsement)


async def add_key(
    session: AsyncSession, key: SealedKey, now: datetime, *, endorsement: str | None = None
) -> None:
    """Store a new key, which signs from now on."""
    await session.execute(
        insert(TreeHeadKey).values(
            key_id=key.key_id,
            private_key_encrypted=key.private_key_encrypted,
            public_jwk=key.public_jwk,
            created_at=now,
            endorsement=endorsement,
        )
    )


async def publication(session: AsyncSession, target: str) -> Publication:
    """How far `target` has come."""
    row = await session.get(AuditPublication, target)
    return Publication(0, None) if row is None else Publication(row.tree_size, row.published_at)


async def publications(session: AsyncSession) -> dict[str, Publication]:
    """Every target that has taken a head."""
    rows = await session.scalars(select(AuditPublication))
    return {row.target: Publication(row.tree_size, row.published_at) for row in rows}


async def keep_publication(
    session: AsyncSession, target: str, tree_size: int, now: datetime
) -> None:
    """Remember that `target` has taken the head of this size."""
    statement = upsert(AuditPublication).values(
        target=target, tree_size=tree_size, published_at=now
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[AuditPublication.target],
            set_={
                "tree_size": statement.excluded.tree_size,
                "published_at": statement.excluded.published_at,
            },
        )
    )


def _stored(row: TreeHeadRow) -> StoredHead:
    return StoredHead(row.tree_size, row.root_hash, row.signed_at, row.statement)
