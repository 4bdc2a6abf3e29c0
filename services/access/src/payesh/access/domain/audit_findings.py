"""What a verification of the audit log finds, and the leaves of an export that it looks at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    EDITED = "edited"
    DROPPED = "dropped"
    MOVED = "moved"
    FORGED = "forged"
    TRUNCATED = "truncated"
    FORKED = "forked"
    DIFFERS = "differs"
    UNTRUSTED = "untrusted"
    DUPLICATE = "duplicate"
    LABELLED = "labelled"
    WITHHELD = "withheld"
    UNWITNESSED = "unwitnessed"
    UNVERIFIED = "unverified"
    GAP = "gap"
    RESTORED = "restored"
    ALARM = "alarm"


NOTICES = frozenset({Verdict.GAP, Verdict.RESTORED, Verdict.ALARM, Verdict.UNWITNESSED})
"""Facts that the log itself tells truly: they break nothing, and a person reads them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and with which record: at `position` of the log."""

    verdict: Verdict
    position: int | None
    text: str
    expected: bool = False
    """What the export declares of itself: such a finding breaks nothing either."""

    @property
    def breaks(self) -> bool:
        return not self.expected and self.verdict not in NOTICES


@dataclass(frozen=True, slots=True)
class ExportedLeaf:
    """A line of an export: the position that it states, its leaf's hash, and whose record it is
    (`service/epoch/number`), None where the exporter was shown the hash alone."""

    stated: int
    leaf_hash: bytes
    record: tuple[str, str, int] | None = None
    alarm: str | None = None

    @property
    def label(self) -> str:
        if self.record is None:
            return f"a withheld record, SHA-256 {self.leaf_hash.hex()[:16]}…"
        service, epoch, sequence = self.record
        return f"{service}/{epoch or '-'}/{sequence}"


def runs_of(positions: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of rising numbers without a hole."""
    start = previous = None
    for position in positions:
        if start is None or previous is None:
            start = position
        elif position != previous + 1:
            yield start, previous
            start = position
        previous = position
    if start is not None and previous is not None:
        yield start, previous


def span(first: int, last: int) -> str:
    """The positions as a text."""
    return f"position {first}" if first == last else f"positions {first} to {last}"
