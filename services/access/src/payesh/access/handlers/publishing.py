"""Tree heads taken to places outside the service's reach: a locked bucket, and witnesses.

With each head go the hashes of the leaves since the one before. Whoever compares an export with
them names the very record that was changed; from the roots alone one could only say between which
two heads it lies.
"""

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from payesh.access import metrics
from payesh.access.adapters import audit_log, merkle_tree, tree_heads
from payesh.access.adapters.audit_alarms import Alarm
from payesh.access.adapters.tree_heads import StoredHead
from payesh.access.adapters.witnesses import Witness, WitnessKnows
from payesh.access.dependencies import Dependencies
from payesh.access.domain.merkle import consistency_path
from payesh.access.handlers.audit_alarms import raise_alarms
from payesh.access.settings import Settings
from payesh.kit.objects import ObjectStore

BUCKET = "bucket"
MEDIA_TYPE = "application/jsonl"
PREFIX = "heads/"
LEAVES_AN_OBJECT = 65_536
"""2.8 MB of Base64: more leaves since the last head are several objects."""


def object_key(tree_size: int) -> str:
    """Keys sort as the sizes do."""
    return f"{PREFIX}{tree_size:016d}.jsonl"


async def publish_to_bucket(dependencies: Dependencies, store: ObjectStore) -> bool:
    """Put what the bucket lacks, locked until the retention ends; True when it took a head.

    Raises StoreUnavailable.
    """
    settings = dependencies.settings
    async with dependencies.database.transaction() as session:
        head = await _unpublished(session, BUCKET)
        if head is None:
            return False
        bucket, size = settings.audit_bucket, head.tree_size
        ahead = await store.keys_after(bucket, PREFIX, object_key(size), 1)
        if ahead:
            await _tree_went_back(session, BUCKET, size, ahead[0])
            return False
        published = (await tree_heads.publication(session, BUCKET)).tree_size
        async for end, body in _parts(session, published, head):
            await store.put(
                bucket,
                object_key(end),
                body,
                media_type=MEDIA_TYPE,
                retain_until=datetime.now(UTC) + settings.audit_retention,
            )
        await _keep(session, BUCKET, head)
    return True


async def publish_to_witness(dependencies: Dependencies, witness: Witness) -> bool:
    """Send the newest head with the proof that it only adds to what the witness has; True when it
    took it.

    Raises PeerUnavailable.
    """
    target = f"witness {witness.name}"
    async with dependencies.database.transaction() as session:
        head = await _unpublished(session, target)
        if head is None:
            return False
        known = (await tree_heads.publication(session, target)).tree_size
        for _ in range(2):  # a witness that knows another size says which; the second try fits it
            proof = []
            if known:
                path = consistency_path(known, head.tree_size)
                proof = await merkle_tree.proof(session, path)
            leaves = None
            if head.tree_size - known <= LEAVES_AN_OBJECT:
                leaves = await _leaves(session, known, head.tree_size)
            try:
                await witness.take(head.statement, known, proof, leaves)
            except WitnessKnows as answer:
                if answer.tree_size > head.tree_size:
                    await _tree_went_back(session, target, head.tree_size, str(answer.tree_size))
                    return False
                known = answer.tree_size
            else:
                await _keep(session, target, head)
                return True
    return False


async def _unpublished(session: AsyncSession, target: str) -> StoredHead | None:
    """The newest head, if `target` lacks it and no other replica is publishing to it."""
    if not await tree_heads.try_lock(session, target):
        return None
    head = await tree_heads.latest(session)
    published = await tree_heads.publication(session, target)
    return head if head is not None and head.tree_size > published.tree_size else None


async def _parts(
    session: AsyncSession, published: int, head: StoredHead
) -> AsyncIterator[tuple[int, bytes]]:
    """Bodies of objects with the number of leaves that each leads up to; the last has the head."""
    start = published
    while start < head.tree_size:
        end = min(start + LEAVES_AN_OBJECT, head.tree_size)
        lines = [{"first": start, "leaf_hashes": await _leaves(session, start, end)}]
        if end == head.tree_size:
            lines.append({"tree_head": head.statement})
        yield end, "".join(json.dumps(line) + "\n" for line in lines).encode()
        start = end


async def _leaves(session: AsyncSession, start: int, end: int) -> str:
    hashes = [each async for each in audit_log.leaf_hashes(session, start, end)]
    return base64.b64encode(b"".join(hashes)).decode()


async def _keep(session: AsyncSession, target: str, head: StoredHead) -> None:
    await tree_heads.keep_publication(session, target, head.tree_size, datetime.now(UTC))
    metrics.audit_published_size.labels(target).set(head.tree_size)


async def _tree_went_back(session: AsyncSession, target: str, size: int, theirs: str) -> None:
    """The place outside has a head of a larger tree: this database was restored, or replaced."""
    alarm = Alarm(
        "tree-went-back",
        Settings.service,
        f"{target}|{theirs}",
        {"target": target, "tree_size": size, "theirs": theirs},
    )
    await raise_alarms(session, [alarm], datetime.now(UTC))
