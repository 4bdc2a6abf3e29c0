"""`/v1/audit/tree-head...` and proofs: what the log's Merkle tree proves of itself."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from payesh.access.adapters.tree_heads import StoredHead
from payesh.access.api.dependencies import DependenciesHere
from payesh.access.handlers import audit, tree_heads
from payesh.access.handlers.keys import WRITE as KEYS_WRITE
from payesh.access.handlers.tree_heads import Proof
from payesh.kit.authorization import authorize
from payesh.kit.paging import Limit, LongNumber
from payesh.kit.principal import Principal

router = APIRouter(prefix="/v1/audit", tags=["audit"])
Auditor = Annotated[Principal, Depends(authorize(audit.READ, resource="the audit log"))]

KeyHolder = Annotated[Principal, Depends(authorize(KEYS_WRITE, resource="the key of tree heads"))]


class RotatedKeyView(BaseModel):
    key_id: str = Field(description="RFC 7638 thumbprint of the key that signs from now on")
    previous_key_id: str
    tree_size: int = Field(description="of the last tree whose head the previous key signed")


class TreeHeadView(BaseModel):
    tree_size: int
    root_sha256: str
    signed_at: datetime
    tree_head: str = Field(
        description="JWS of type payesh-tree-head+jwt, which carries its key: the line of a file "
        "of heads for payesh-access verify-audit"
    )

    @classmethod
    def of(cls, head: StoredHead) -> "TreeHeadView":
        return cls(
            tree_size=head.tree_size,
            root_sha256=head.root_hash.hex(),
            signed_at=head.signed_at,
            tree_head=head.statement,
        )


class TreeHeads(BaseModel):
    items: list[TreeHeadView] = Field(description="of growing trees; ask on after the last size")


class InclusionProof(BaseModel):
    tree_head: TreeHeadView
    position: int
    leaf_sha256: str
    hashes: list[str] = Field(description="RFC 6962 audit path, from the leaf upwards")


class ConsistencyProof(BaseModel):
    tree_head: TreeHeadView
    first: int
    hashes: list[str] = Field(description="RFC 6962 consistency proof")


@router.get("/tree-head")
async def latest_tree_head(dependencies: DependenciesHere, principal: Auditor) -> TreeHeadView:
    """The newest signed tree head."""
    return TreeHeadView.of(await tree_heads.latest_head(dependencies, principal))


@router.get("/tree-heads")
async def list_tree_heads(
    dependencies: DependenciesHere,
    principal: Auditor,
    after: Annotated[LongNumber, Query(description="a tree size")] = 0,
    limit: Limit = 50,
) -> TreeHeads:
    """Signed tree heads, the smallest first."""
    found = await tree_heads.list_heads(dependencies, principal, after, limit)
    return TreeHeads(items=[TreeHeadView.of(head) for head in found])


@router.get("/records/{position}/proof")
async def prove_inclusion(
    dependencies: DependenciesHere, principal: Auditor, position: LongNumber
) -> InclusionProof:
    """That the record at a position is in the tree of the newest tree head."""
    proof = await tree_heads.inclusion_proof(dependencies, principal, position)
    return InclusionProof(
        tree_head=TreeHeadView.of(proof.head),
        position=position,
        leaf_sha256=(proof.leaf_hash or b"").hex(),
        hashes=_hex(proof),
    )


@router.get("/tree-heads/{first}/consistency")
async def prove_consistency(
    dependencies: DependenciesHere, principal: Auditor, first: LongNumber
) -> ConsistencyProof:
    """That the tree of the newest tree head only adds to the tree of `first` records."""
    proof = await tree_heads.consistency_proof(dependencies, principal, first)
    return ConsistencyProof(tree_head=TreeHeadView.of(proof.head), first=first, hashes=_hex(proof))


@router.post(
    "/tree-head-key/rotate",
    status_code=201,
    responses={409: {"description": "The present key has signed no tree head yet."}},
)
async def rotate_tree_head_key(
    dependencies: DependenciesHere, principal: KeyHolder
) -> RotatedKeyView:
    """Replace the key that signs tree heads. A person of the operator's agency does; each head from
    now on carries the previous key's signature of the new one."""
    rotated = await tree_heads.rotate_key(dependencies, principal)
    return RotatedKeyView(
        key_id=rotated.key_id,
        previous_key_id=rotated.previous_key_id,
        tree_size=rotated.tree_size,
    )


def _hex(proof: Proof) -> list[str]:
    return [each.hex() for each in proof.hashes]
