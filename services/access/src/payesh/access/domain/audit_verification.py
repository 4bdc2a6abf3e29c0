"""Holding an export of the audit log against tree heads that were published elsewhere.

What was published is the truth as far as it is signed: each head's root, and the hashes of the
leaves that lead to it. The export is held against it leaf by leaf, so that the very record that was
changed, removed, moved or added is named. Where only roots were published, the two heads between
which a change lies are.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from payesh.access.domain.audit_findings import ExportedLeaf, Finding, Verdict, runs_of, span
from payesh.access.domain.audit_numbers import missing_numbers
from payesh.access.domain.merkle import Frontier
from payesh.access.domain.tree_head import TreeHead


@dataclass(slots=True)
class Published:
    """What was published: heads by size, and leaf hashes from position 0 on without a hole."""

    heads: dict[int, TreeHead] = field(default_factory=dict)
    leaf_hashes: list[bytes] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Of the largest tree that a head signs."""
        return max(self.heads, default=0)


def published(heads: Iterable[TreeHead], runs: Iterable[tuple[int, Sequence[bytes]]]) -> Published:
    """Put together what several places kept. Leaf hashes count as far as a signed root covers them:
    what does not lead to the next head's root is left out, with a finding."""
    found = Published()
    for head in heads:
        other = found.heads.setdefault(head.tree_size, head)
        if other.root_hash != head.root_hash:
            found.findings.append(
                Finding(
                    Verdict.FORKED,
                    None,
                    f"two tree heads of {head.tree_size} records have different roots:"
                    f" signed {other.signed_at:%Y-%m-%dT%H:%M:%SZ}"
                    f" and {head.signed_at:%Y-%m-%dT%H:%M:%SZ}",
                )
            )
    known: list[bytes] = []
    for first, hashes in sorted(runs, key=lambda run: run[0]):
        overlap = len(known) - first
        if overlap < 0:
            break
        for position in range(first, min(len(known), first + len(hashes))):
            if known[position] != hashes[position - first]:
                text = "two places published different hashes of it"
                found.findings.append(Finding(Verdict.FORKED, position, text))
                break
        known.extend(hashes[overlap:])
    found.leaf_hashes = known[: _signed(found, known)]
    return found


def _signed(found: Published, known: Sequence[bytes]) -> int:
    """How many of the leaf hashes are covered by signed roots."""
    frontier, signed = Frontier(), 0
    sizes = sorted(size for size in found.heads if size <= len(known))
    for size in sizes:
        while frontier.size < size:
            frontier.append(known[frontier.size])
        if frontier.root != found.heads[size].root_hash:
            text = f"the published leaf hashes do not lead to the tree head of {size} records"
            found.findings.append(Finding(Verdict.UNTRUSTED, None, text))
            break
        signed = size
    return signed


def compared(leaves: Sequence[ExportedLeaf], truth: Published) -> Iterator[Finding]:
    """Every difference between an export and what was published."""
    signed = len(truth.leaf_hashes)
    hashes = [leaf.leaf_hash for leaf in leaves]
    if hashes[:signed] == truth.leaf_hashes:
        yield from _beyond_leaf_hashes(leaves, truth, signed)
    else:
        yield from _differences(leaves, truth)
    same = _common_prefix(hashes, truth.leaf_hashes)
    yield from _labelled(leaves, 0, same)


def _labelled(leaves: Sequence[ExportedLeaf], first: int, end: int) -> Iterator[Finding]:
    """Leaves from `first` on, `end` excluded, that stand in their place and state another."""
    for index in range(first, end):
        leaf = leaves[index]
        if leaf.stated != index:
            text = f"{leaf.label} stands at {index} and says {leaf.stated}"
            yield Finding(Verdict.LABELLED, index, text)


def _common_prefix(hashes: Sequence[bytes], others: Sequence[bytes]) -> int:
    """How many leaves stand where they were published, from the first on."""
    pairs = enumerate(zip(hashes, others, strict=False))
    return next(
        (index for index, (one, other) in pairs if one != other), min(len(hashes), len(others))
    )


def _differences(leaves: Sequence[ExportedLeaf], truth: Published) -> Iterator[Finding]:
    places = {leaf_hash: place for place, leaf_hash in enumerate(truth.leaf_hashes)}
    found_at: list[int | None] = [places.get(leaf.leaf_hash) for leaf in leaves]
    in_order = _longest_rising(found_at)
    kept = {found_at[index] for index in in_order}
    moved = {
        index
        for index, place in enumerate(found_at)
        if place is not None and index not in in_order and place not in kept
    }
    missing = set(range(len(truth.leaf_hashes))) - kept - {found_at[index] for index in moved}
    for index in sorted(moved):
        place = found_at[index]
        yield Finding(
            Verdict.MOVED,
            place,
            f"{leaves[index].label} belongs at {place} and stands at {index}",
        )
    before = -1  # the place of the last leaf that stands where it belongs
    for index, leaf in enumerate(leaves):
        place = found_at[index]
        if index in in_order:
            before = -1 if place is None else place
        elif place is None:
            # In the place of a leaf that is missing, it is that record, edited.
            if before + 1 in missing:
                before += 1
                missing.discard(before)
                text = f"{leaf.label} is not what was published for it"
                yield Finding(Verdict.EDITED, before, text)
            elif index >= len(truth.leaf_hashes):
                yield from _uncovered(leaf, index, truth)
            else:
                text = f"{leaf.label} is in no tree that was signed"
                yield Finding(Verdict.FORGED, index, text)
        elif index not in moved:
            text = f"{leaf.label} stands a second time, at {index}"
            yield Finding(Verdict.DUPLICATE, place, text)
    last_place = max((place for place in kept if place is not None), default=-1)
    for first, last in runs_of(sorted(missing)):
        cut = first > last_place
        verdict = Verdict.TRUNCATED if cut else Verdict.DROPPED
        text = "the end of the log is missing" if cut else "what was published there is missing"
        where = _neighbours(leaves, places, first, last)
        if numbers := missing_numbers(leaves, truth.heads[truth.size]):
            where += f"; of the numbers in the tree head {numbers} are missing"
        yield Finding(verdict, first, f"{text}: {span(first, last)}, {where}")


def _beyond_leaf_hashes(
    leaves: Sequence[ExportedLeaf], truth: Published, signed: int
) -> Iterator[Finding]:
    """The heads for which no leaf hashes were published: they say that something differs between
    two of them, and how many records there were. What the lines themselves leave out is named by
    their positions."""
    frontier, good = Frontier(), 0
    if len(leaves) < truth.size:
        yield from _left_out(leaves, truth.size)
    position = 0
    for size in sorted(truth.heads):
        if size > len(leaves):
            first = len(leaves)
            yield Finding(
                Verdict.TRUNCATED,
                first,
                f"the end of the log is missing: {span(first, truth.size - 1)}; of the numbers"
                f" in the tree head {missing_numbers(leaves, truth.heads[truth.size])} are missing",
            )
            return
        while position < size:
            frontier.append(leaves[position].leaf_hash)
            position += 1
        if frontier.root != truth.heads[size].root_hash:
            text = f"a record from {good} to {size - 1} is not what was signed"
            yield Finding(Verdict.DIFFERS, good, text)
            return
        yield from _labelled(leaves, max(good, signed), size)
        good = size
    for index in range(max(good, signed), len(leaves)):
        yield from _uncovered(leaves[index], index, truth)


def _left_out(leaves: Sequence[ExportedLeaf], size: int) -> Iterator[Finding]:
    stated = {leaf.stated for leaf in leaves}
    last = max(stated, default=-1)
    for first, final in runs_of([place for place in range(min(last, size)) if place not in stated]):
        text = f"the export leaves out {span(first, final)}"
        yield Finding(Verdict.DROPPED, first, text)


def withheld(leaves: Sequence[ExportedLeaf], agency: str | None) -> Iterator[Finding]:
    """Records that the export shows as hashes alone. They are in the tree, and what they say is not
    shown; one made for the agency of its exporter may have some, one for all agencies none."""
    hidden = [index for index, leaf in enumerate(leaves) if leaf.record is None]
    for first, last in runs_of(hidden):
        before = leaves[first - 1].label if first else None
        after = leaves[last + 1].label if last + 1 < len(leaves) else None
        where = " and ".join(
            [*([f"after {before}"] if before else []), *([f"before {after}"] if after else [])]
        )
        text = f"{span(first, last)} shown as hashes alone, {where or 'the whole export'}"
        if agency is None:
            text += "; the export says that it shows the records of all agencies"
        yield Finding(Verdict.WITHHELD, first, text, expected=agency is not None)


def _uncovered(leaf: ExportedLeaf, index: int, truth: Published) -> Iterator[Finding]:
    if index >= truth.size:
        text = f"{leaf.label} is beyond every signed tree head, which end at {truth.size} records"
        yield Finding(Verdict.FORGED, index, text)


def _neighbours(
    leaves: Sequence[ExportedLeaf], places: Mapping[bytes, int], first: int, last: int
) -> str:
    by_place = {places[leaf.leaf_hash]: leaf for leaf in leaves if leaf.leaf_hash in places}
    before, after = by_place.get(first - 1), by_place.get(last + 1)
    if before and after:
        return f"between {before.label} and {after.label}"
    return f"after {before.label}" if before else f"before {after.label}" if after else "alone"


def _longest_rising(found_at: Sequence[int | None]) -> set[int]:
    """Indices of a longest run of leaves whose places rise: these stand as they were published."""
    ends: list[int] = []
    tails: list[int] = []
    previous: list[int] = [-1] * len(found_at)
    for index, place in enumerate(found_at):
        if place is None:
            continue
        at = bisect_left(ends, place)
        previous[index] = tails[at - 1] if at else -1
        if at == len(ends):
            ends.append(place)
            tails.append(index)
        else:
            ends[at], tails[at] = place, index
    chosen: set[int] = set()
    index = tails[-1] if tails else -1
    while index >= 0:
        chosen.add(index)
        index = previous[index]
    return chosen
