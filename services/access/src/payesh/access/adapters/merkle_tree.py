"""The log's Merkle tree in PostgreSQL: its size, the hashes of its nodes, new ones."""

from collections.abc import Sequence

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access.adapters.audit_tables import AuditLeaf, AuditNode
from payesh.access.domain.merkle import Frontier, Node, Range, folded, nodes_of
from payesh.access.errors import TreeDamaged

_LOCK = "payesh-access-audit-log"

# Leaves keep their own hash; nodes above them are stored when their last leaf comes. Not a join:
# each hash is one look into an index, whatever the planner believes about so few wanted rows.
_HASHES = text("""
    SELECT CASE WHEN wanted.level = 0
        THEN (SELECT leaf_hash FROM audit_leaves WHERE position = wanted.number)
        ELSE (SELECT hash FROM audit_nodes
            WHERE level = wanted.level AND node_index = wanted.number)
    END
    FROM unnest(CAST(:levels AS smallint[]), CAST(:numbers AS bigint[]))
        WITH ORDINALITY AS wanted (level, number, place)
    ORDER BY wanted.place
""")


async def lock(session: AsyncSession) -> None:
    """Wait until this transaction alone may add leaves: they have one order."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(_LOCK, 0))))


async def size(session: AsyncSession) -> int:
    """How many leaves the tree has."""
    last = await session.scalar(select(func.max(AuditLeaf.position)))
    return 0 if last is None else last + 1


async def frontier(session: AsyncSession) -> Frontier:
    """The right edge of the tree, to go on from. Raises TreeDamaged."""
    leaves = await size(session)
    return Frontier(leaves, await _hashes(session, nodes_of(Range(0, leaves))))


async def root(session: AsyncSession, leaves: int) -> bytes:
    """The root over the first `leaves` leaves. Raises TreeDamaged when it has fewer."""
    return folded(await _hashes(session, nodes_of(Range(0, leaves))))


async def proof(session: AsyncSession, path: Sequence[Range]) -> list[bytes]:
    """The hashes of the ranges of a proof, in one query. Raises TreeDamaged."""
    parts = [nodes_of(part) for part in path]
    hashes = iter(await _hashes(session, [node for part in parts for node in part]))
    return [folded([next(hashes) for _ in part]) for part in parts]


async def add_nodes(session: AsyncSession, completed: Sequence[tuple[Node, bytes]]) -> None:
    """Store the hashes of inner nodes that new leaves completed."""
    if completed:
        await session.execute(
            insert(AuditNode),
            [
                {"level": node.level, "node_index": node.number, "hash": node_hash}
                for node, node_hash in completed
            ],
        )


async def _hashes(session: AsyncSession, nodes: Sequence[Node]) -> list[bytes]:
    if not nodes:
        return []
    rows = await session.scalars(
        _HASHES,
        {"levels": [node.level for node in nodes], "numbers": [node.number for node in nodes]},
    )
    hashes = list(rows)
    if len(hashes) != len(nodes) or None in hashes:
        raise TreeDamaged
    return hashes
