"""Tree heads of the audit log signed and read, and proofs against them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access import metrics
from payesh.access.adapters import audit_log, merkle_tree, tree_head_statements, tree_heads
from payesh.access.adapters.key_ring import KeyRing
from payesh.access.adapters.tree_heads import StoredHead
from payesh.access.dependencies import Dependencies
from payesh.access.domain.audit_sequence import Count, newest_epoch
from payesh.access.domain.merkle import consistency_path, inclusion_path
from payesh.access.domain.tree_head import ServiceHead, TreeHead
from payesh.access.errors import NoSigningKey
from payesh.access.handlers import audit
from payesh.access.handlers.audit_alarms import require_operator, require_person
from payesh.access.handlers.keys import WRITE as KEYS_WRITE
from payesh.access.handlers.rights import as_of_now
from payesh.kit.errors import Conflict, NotFound, Unprocessable
from payesh.kit.principal import Principal


@dataclass(frozen=True, slots=True)
class Proof:
    """Hashes that lead from a leaf, or from an earlier tree, to the root of `head`."""

    head: StoredHead
    hashes: list[bytes]
    leaf_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class RotatedKey:
    """A key of tree heads that replaced another after the tree of `tree_size`."""

    key_id: str
    previous_key_id: str
    tree_size: int


async def ensure_first_key(session: AsyncSession, ring: KeyRing, now: datetime) -> None:
    """Make the key that signs tree heads unless there is one; the caller holds the keys' lock."""
    if await tree_heads.signer(session) is None:
        await tree_heads.add_key(session, ring.make(), now)


async def sign_head(dependencies: Dependencies) -> bool:
    """Sign the tree as it is, if it grew since the last head; of several replicas one does.

    Raises NoSigningKey, KeyUnreadable, TreeDamaged.
    """
    async with dependencies.database.transaction() as session:
        if not await tree_heads.try_lock(session, "sign"):
            return False
        last = await tree_heads.latest(session)
        if await merkle_tree.size(session) == (last.tree_size if last else 0):
            return False
        await merkle_tree.lock(session)  # the counts must be those of this very tree
        frontier = await merkle_tree.frontier(session)
        counts = await audit_log.counts_of(session)
        signer = await tree_heads.signer(session)
        if signer is None:
            raise NoSigningKey("no key for tree heads")
        head = TreeHead(
            log=dependencies.settings.token_issuer,
            tree_size=frontier.size,
            root_hash=frontier.root,
            signed_at=datetime.now(UTC),
            services={service: _service_head(epochs) for service, epochs in counts.items()},
        )
        statement = tree_head_statements.sign(
            dependencies.ring, signer.key, head, endorsement=signer.endorsement
        )
        await tree_heads.add(session, head, statement)
    metrics.audit_tree_size.set(head.tree_size)
    return True


async def rotate_key(dependencies: Dependencies, principal: Principal) -> RotatedKey:
    """Replace the key that signs tree heads; the one before signs that it hands over.

    Each head of the new key carries that statement, so that witnesses and verifiers follow. The
    key has to have signed a head, or no published head would show its own link. Raises Forbidden
    for a machine or another agency's person, Conflict, NoSigningKey, KeyUnreadable.
    """
    require_operator(principal)
    require_person(principal)
    now = datetime.now(UTC)
    async with dependencies.database.transaction() as session:
        await as_of_now(session, principal, KEYS_WRITE)
        await tree_heads.lock(session, "sign")
        signer, last = await tree_heads.signer(session), await tree_heads.latest(session)
        if signer is None:
            raise NoSigningKey("no key for tree heads")
        if last is None or tree_head_statements.opened(last.statement).key_id != signer.key.key_id:
            raise Conflict("the present key has signed no tree head yet", type="rotation-pending")
        following = dependencies.ring.make()
        endorsement = tree_head_statements.endorse(
            dependencies.ring,
            signer.key,
            following.key_id,
            log=dependencies.settings.token_issuer,
            tree_size=last.tree_size,
            now=now,
        )
        await tree_heads.add_key(session, following, now, endorsement=endorsement)
        ids = [following.key_id, signer.key.key_id]
        await audit.record(session, principal, "rotate-tree-head-key", "tree-head-key", ids)
    return RotatedKey(following.key_id, signer.key.key_id, last.tree_size)


def _service_head(epochs: dict[str, Count]) -> ServiceHead:
    newest = newest_epoch(epochs) or ""
    count = epochs[newest]
    return ServiceHead(
        newest, count.last_sequence, count.records, sum(each.records for each in epochs.values())
    )


async def latest_head(dependencies: Dependencies, principal: Principal) -> StoredHead:
    """The newest tree head. Raises NotFound before the first."""
    async with dependencies.database.transaction() as session:
        head = await _latest(session)
        await audit.record(session, principal, "read", "tree-head", [str(head.tree_size)])
    return head


async def list_heads(
    dependencies: Dependencies, principal: Principal, after: int, limit: int
) -> list[StoredHead]:
    """Tree heads of trees larger than `after`, the smallest first."""
    async with dependencies.database.transaction() as session:
        found = await tree_heads.page(session, after, limit)
        sizes = [str(head.tree_size) for head in found]
        await audit.record(session, principal, "list", "tree-head", sizes)
    return found


async def inclusion_proof(dependencies: Dependencies, principal: Principal, position: int) -> Proof:
    """That the record at a position is in the newest tree head's tree. Raises NotFound."""
    async with dependencies.database.transaction() as session:
        head = await _latest(session)
        found = await audit_log.leaf(session, position)
        if position >= head.tree_size or found is None:
            raise NotFound(f"no tree head covers position {position} yet")
        hashes = await merkle_tree.proof(session, inclusion_path(position, head.tree_size))
        await audit.record(session, principal, "prove", "audit-record", [str(position)])
    return Proof(head, hashes, found[0].leaf_hash)


async def consistency_proof(dependencies: Dependencies, principal: Principal, first: int) -> Proof:
    """That the newest tree head only adds to the tree of `first` leaves. Raises NotFound,
    Unprocessable."""
    async with dependencies.database.transaction() as session:
        head = await _latest(session)
        if not 0 < first <= head.tree_size:
            raise Unprocessable(f"a size from 1 to {head.tree_size} is needed", type="tree-size")
        hashes = await merkle_tree.proof(session, consistency_path(first, head.tree_size))
        await audit.record(session, principal, "prove", "tree-head", [str(first)])
    return Proof(head, hashes)


async def _latest(session: AsyncSession) -> StoredHead:
    head = await tree_heads.latest(session)
    if head is None:
        raise NotFound("no tree head was signed yet")
    return head
