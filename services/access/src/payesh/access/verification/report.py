"""The offline verification of an exported audit log: no database, no network, no settings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from payesh.access.domain.audit_findings import Finding, Verdict, span
from payesh.access.domain.audit_keys import FollowedKeys, followed_keys
from payesh.access.domain.audit_numbers import counted, numbered
from payesh.access.domain.audit_verification import compared, published, withheld
from payesh.access.verification.files import (
    HeadsFile,
    SignedHead,
    head_of_export,
    read_export,
    read_heads,
)


@dataclass(frozen=True, slots=True)
class Report:
    """What was verified, and what was found."""

    records: int
    heads: int
    covered: int
    with_leaf_hashes: int
    withheld: int
    key_ids: list[str]
    findings: list[Finding]

    @property
    def holds(self) -> bool:
        return not any(finding.breaks for finding in self.findings)

    @property
    def verified(self) -> bool:
        """Whether there was anything to hold the export against."""
        return all(finding.verdict is not Verdict.UNVERIFIED for finding in self.findings)


def verify_audit(export_path: Path, heads: Sequence[Path], key_ids: Sequence[str]) -> Report:
    """Hold an export against tree heads from elsewhere; its own is trusted no further than theirs.

    `key_ids` are those of the log's keys; where none is given the oldest head's key is taken, and
    reported to be compared. Raises BadFile, OSError.
    """
    export = read_export(export_path)
    given, own = read_heads(heads), head_of_export(export, export_path)
    heads_found = [*given.heads, *own.heads]
    followed = followed_keys(
        list(key_ids) or _oldest_key(given),
        [each.endorsement for each in heads_found if each.endorsement is not None],
    )
    findings = [Finding(Verdict.UNTRUSTED, None, fault) for fault in (*given.bad, *own.bad)]
    findings += followed.findings
    findings += _strangers(heads_found, followed)
    signed = [each for each in heads_found if followed.signs(each.key_id, each.head.tree_size)]
    truth = published([each.head for each in signed], given.runs)
    findings += truth.findings
    findings += _outside(given, followed, truth.size)
    if truth.size:
        findings += compared(export.leaves, truth)
    findings += withheld(export.leaves, export.agency)
    findings += numbered(export.leaves)
    if truth.heads:
        findings += counted(export.leaves, truth.heads[truth.size])
    return Report(
        records=len(export.leaves),
        heads=len(truth.heads),
        covered=truth.size,
        with_leaf_hashes=len(truth.leaf_hashes),
        withheld=sum(leaf.record is None for leaf in export.leaves),
        key_ids=list(followed.until),
        findings=findings,
    )


def _outside(given: HeadsFile, followed: FollowedKeys, covered: int) -> Iterator[Finding]:
    """How much was kept elsewhere: who made the export may have the key as well, and signs any
    head."""
    sizes = [
        each.head.tree_size
        for each in given.heads
        if followed.signs(each.key_id, each.head.tree_size)
    ]
    kept = max(sizes, default=0)
    if not kept:
        text = "no signed tree head from elsewhere: there is nothing to hold the export against"
        yield Finding(Verdict.UNVERIFIED, None, text)
    elif kept < covered:
        text = f"{span(kept, covered - 1)} are covered by the export's own tree head alone"
        yield Finding(Verdict.UNWITNESSED, kept, text)


def _oldest_key(given: HeadsFile) -> list[str]:
    oldest = min(given.heads, key=lambda each: each.head.signed_at, default=None)
    return [] if oldest is None else [oldest.key_id]


def _strangers(heads: Sequence[SignedHead], followed: FollowedKeys) -> Iterator[Finding]:
    for each in heads:
        if not followed.signs(each.key_id, each.head.tree_size):
            fault = f"{each.source}: signed by another key, {each.key_id}"
            if each.key_id in followed.until:
                fault = f"{each.source}: signed by {each.key_id} after it was replaced"
            yield Finding(Verdict.UNTRUSTED, None, fault)
