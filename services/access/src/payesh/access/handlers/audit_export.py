"""The audit log exported as JSON lines: what `payesh-access verify-audit` reads offline.

The first line names the log, the newest tree head and who exported; each further line is a leaf at
its position. A leaf whose reader is of an agency that the exporter may not see is its hash alone:
the tree is whole all the same.
"""

import json
from collections.abc import AsyncIterator

from payesh.access.adapters import audit_log, tree_heads
from payesh.access.adapters.audit_log import Leaf
from payesh.access.adapters.tree_heads import StoredHead
from payesh.access.dependencies import Dependencies
from payesh.access.handlers import audit
from payesh.contracts.values import format_utc
from payesh.kit.errors import NotFound
from payesh.kit.principal import Principal


async def begin_export(dependencies: Dependencies, principal: Principal) -> StoredHead:
    """The head up to which is exported; the export is recorded before a line of it leaves.

    Raises NotFound before the first head.
    """
    async with dependencies.database.transaction() as session:
        head = await tree_heads.latest(session)
        if head is None:
            raise NotFound("no tree head was signed yet")
        await audit.record(session, principal, "export", "audit-record", [f"0-{head.tree_size}"])
    return head


async def exported(
    dependencies: Dependencies, principal: Principal, head: StoredHead
) -> AsyncIterator[bytes]:
    """The lines, 500 leaves at a time: no transaction and no more memory is held meanwhile."""
    bound = audit.agency_of(principal)
    yield _line(
        {
            "audit_export": 1,
            "log": dependencies.settings.token_issuer,
            "tree_size": head.tree_size,
            "tree_head": head.statement,
            "agency": bound,
        }
    )
    position = 0
    while position < head.tree_size:
        async with dependencies.database.transaction() as session:
            leaves = await audit_log.chunk(session, position, head.tree_size)
        if not leaves:  # a hole: the verifier finds it by the next position
            return
        yield b"".join(_line(_leaf(leaf, bound in (None, agency))) for leaf, agency in leaves)
        position = leaves[-1][0].position + 1


def _leaf(leaf: Leaf, is_visible: bool) -> dict[str, object]:
    shown: dict[str, object] = {"position": leaf.position}
    if is_visible:
        # The text itself, not its content: the hash is over these very bytes.
        shown["leaf"] = leaf.body.decode()
        shown["received_at"] = format_utc(leaf.received_at)
    else:
        shown["leaf_sha256"] = leaf.leaf_hash.hex()
    return shown


def _line(value: dict[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
