"""The Merkle tree of RFC 6962 (section 2.1): its hashes, roots and proofs.

A tree of n leaves is made of complete subtrees. The node (level, number) is the complete subtree
over the 2**level leaves that begin at number * 2**level; (0, i) is leaf i itself. The hash of any
range that a root or a proof asks for is folded from those of at most log2(n) such nodes: where each
node's hash is stored when its last leaf comes, no leaf is read again.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

EMPTY_ROOT = sha256(b"").digest()


class Node(NamedTuple):
    """A complete subtree: 2**level leaves, the number-th such run."""

    level: int
    number: int


class Range(NamedTuple):
    """The leaves from start up to, not including, end."""

    start: int
    end: int


def leaf_hash(entry: bytes) -> bytes:
    """Hash of a leaf: SHA-256 over 0x00 and the entry."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256 over 0x01 and both children's hashes."""
    return sha256(b"\1" + left + right).digest()


def nodes_of(part: Range) -> list[Node]:
    """The complete subtrees of a range that a tree, a root or a proof has, the largest first.

    `part.start` is a multiple of the range's largest power of two, as in every such range.

    >>> nodes_of(Range(0, 6))
    [Node(level=2, number=0), Node(level=1, number=2)]
    """
    found, start = [], part.start
    for level in range((part.end - part.start).bit_length() - 1, -1, -1):
        if (part.end - part.start) >> level & 1:
            found.append(Node(level, start >> level))
            start += 1 << level
    return found


def folded(hashes: Sequence[bytes]) -> bytes:
    """The hash of a range from those of its `nodes_of`; without any, the root of an empty tree."""
    if not hashes:
        return EMPTY_ROOT
    folded_hash = hashes[-1]
    for left in reversed(hashes[:-1]):
        folded_hash = node_hash(left, folded_hash)
    return folded_hash


class Frontier:
    """The right edge of a growing tree: the hashes of `nodes_of(Range(0, size))`."""

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        self.size = size
        self._hashes = list(hashes)

    def append(self, leaf: bytes) -> list[tuple[Node, bytes]]:
        """Add a leaf by its hash; the inner nodes that it completes, the lowest first."""
        completed, position, current = [], self.size, leaf
        level = 0
        while position >> level & 1:
            current = node_hash(self._hashes.pop(), current)
            level += 1
            completed.append((Node(level, position >> level), current))
        self._hashes.append(current)
        self.size += 1
        return completed

    @property
    def root(self) -> bytes:
        return folded(self._hashes)


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root


def inclusion_path(position: int, size: int) -> list[Range]:
    """The ranges whose hashes prove that the leaf is in the tree of `size`, from the leaf upwards.

    Raises ValueError for a leaf that the tree does not have.
    """
    if not 0 <= position < size:
        raise ValueError("the tree has no such leaf")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _largest_power_below(end - start)
        if position < middle:
            path.append(Range(middle, end))
            end = middle
        else:
            path.append(Range(start, middle))
            start = middle
    return path[::-1]


def consistency_path(first: int, second: int) -> list[Range]:
    """The ranges whose hashes prove that the tree of `first` leaves begins that of `second`.

    Raises ValueError unless 0 < first <= second.
    """
    if not 0 < first <= second:
        raise ValueError("the first tree must have a leaf and be no larger than the second")
    path, start, end = [], 0, second
    whole = True  # whether the range begins the tree: its hash is then the first root itself
    while end != first:
        middle = start + _largest_power_below(end - start)
        if first <= middle:
            path.append(Range(middle, end))
            end = middle
        else:
            path.append(Range(start, middle))
            start, whole = middle, False
    if not whole:
        path.append(Range(start, end))
    return path[::-1]


def included(leaf: bytes, position: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows this leaf hash at this position of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= position < size:
        return False
    number, last, current = position, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            current = node_hash(step, current)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            current = node_hash(current, step)
        number, last = number >> 1, last >> 1
    return last == 0 and current == root


def consistent(
    first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the proof shows that the second tree only adds to the first (RFC 9162, 2.1.4.2)."""
    if first == second:
        return first_root == second_root and not proof
    if first == 0:
        return first_root == EMPTY_ROOT and not proof
    if first > second:
        return False
    steps = list(proof) if first & (first - 1) else [first_root, *proof]
    if not steps:
        return False
    number, last = first - 1, second - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            after = node_hash(after, step)
        number, last = number >> 1, last >> 1
    return last == 0 and before == first_root and after == second_root


def _largest_power_below(count: int) -> int:
    """The largest power of two below `count`, which is at least 2."""
    return 1 << (count - 1).bit_length() - 1
