"""The Merkle tree of the audit log is that of RFC 6962, and its proofs prove what they claim."""

from hashlib import sha256

import pytest

from payesh.access.domain.merkle import (
    EMPTY_ROOT,
    Frontier,
    Node,
    Range,
    consistency_path,
    consistent,
    folded,
    included,
    inclusion_path,
    leaf_hash,
    nodes_of,
    root_of,
)

# The entries and roots with which Certificate Transparency's implementations test themselves.
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH as the RFC writes it, recursively."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\1" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


class Stored:
    """A tree whose nodes are kept as they are completed, as the log keeps them."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.nodes = {Node(0, position): leaf for position, leaf in enumerate(leaves)}
        frontier = Frontier()
        for leaf in leaves:
            self.nodes |= dict(frontier.append(leaf))

    def hash_of(self, part: Range) -> bytes:
        return folded([self.nodes[node] for node in nodes_of(part)])


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert root_of([]) == EMPTY_ROOT == sha256(b"").digest()


def many(count: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(4, "big")) for number in range(count)]


def test_every_root_is_folded_from_stored_nodes() -> None:
    leaves = many(70)
    stored = Stored(leaves)
    for size in range(len(leaves) + 1):
        assert stored.hash_of(Range(0, size)) == naive_root(leaves[:size])


def test_a_frontier_goes_on_from_what_was_stored() -> None:
    leaves = many(70)
    stored = Stored(leaves)
    for size in range(len(leaves)):
        resumed = Frontier(size, [stored.nodes[node] for node in nodes_of(Range(0, size))])
        for leaf in leaves[size:]:
            resumed.append(leaf)
        assert resumed.root == naive_root(leaves)


def test_every_inclusion_proof_holds_and_no_other_leaf_position_or_root_does() -> None:
    leaves = many(40)
    stored = Stored(leaves)
    for size in range(1, len(leaves) + 1):
        root = naive_root(leaves[:size])
        for position in range(size):
            proof = [stored.hash_of(part) for part in inclusion_path(position, size)]
            assert len(proof) <= size.bit_length()
            assert included(leaves[position], position, size, proof, root)
            assert not included(leaf_hash(b"another"), position, size, proof, root)
            assert not included(leaves[position], position, size, proof, EMPTY_ROOT)
            assert not included(leaves[position], position, size, [*proof, root], root)
            if size > 1:
                assert not included(leaves[position], (position + 1) % size, size, proof, root)


def test_every_consistency_proof_holds_and_none_for_a_changed_history() -> None:
    leaves = many(40)
    stored = Stored(leaves)
    for second in range(1, len(leaves) + 1):
        root = naive_root(leaves[:second])
        for first in range(1, second + 1):
            before = naive_root(leaves[:first])
            proof = [stored.hash_of(part) for part in consistency_path(first, second)]
            assert consistent(first, before, second, root, proof)
            changed = naive_root([leaf_hash(b"changed"), *leaves[1:first]])
            assert not consistent(first, changed, second, root, proof)
            assert not consistent(first, before, second, EMPTY_ROOT, proof)
            if proof:
                assert not consistent(first, before, second, root, proof[:-1])


def test_a_proof_of_what_the_tree_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion_path(4, 4)
    with pytest.raises(ValueError, match="no larger"):
        consistency_path(5, 4)
    with pytest.raises(ValueError, match="no larger"):
        consistency_path(0, 4)
    assert not included(LEAVES[0], 3, 3, [], LEAVES[0])


def test_leaves_and_inner_nodes_are_never_confused() -> None:
    """An inner node's content offered as an entry has another hash: the second preimage of RFC
    6962's domain separation."""
    inner = LEAVES[0] + LEAVES[1]
    assert leaf_hash(inner) != root_of(LEAVES[:2])
