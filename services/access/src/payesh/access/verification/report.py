"""The offline verification of an exported audit log: no database, no network, no settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from payesh.access.domain.audit_findings import Finding, Verdict
from payesh.access.domain.audit_numbers import counted, numbered
from payesh.access.domain.audit_verification import compared, published
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
    key_ids: list[str]
    findings: list[Finding]

    @property
    def holds(self) -> bool:
        return not any(finding.breaks for finding in self.findings)


def verify_audit(export_path: Path, heads: Sequence[Path], key_ids: Sequence[str]) -> Report:
    """Hold an export against tree heads from elsewhere; its own is trusted no further than theirs.

    `key_ids` are those of the log's keys; where none is given the oldest head's key is taken, and
    reported to be compared. Raises BadFile, OSError.
    """
    export = read_export(export_path)
    given, own = read_heads(heads), head_of_export(export, export_path)
    trusted = list(key_ids) or _oldest_key(given)
    findings = _untrusted(given, own, trusted)
    signed = [each for each in (*given.heads, *own.heads) if each.key_id in trusted]
    truth = published([each.head for each in signed], given.runs)
    findings += truth.findings
    findings += compared(export.leaves, truth)
    findings += numbered(export.leaves)
    if truth.heads:
        findings += counted(export.leaves, truth.heads[truth.size])
    return Report(
        records=len(export.leaves),
        heads=len(truth.heads),
        covered=truth.size,
        with_leaf_hashes=len(truth.leaf_hashes),
        key_ids=trusted,
        findings=findings,
    )


def _oldest_key(given: HeadsFile) -> list[str]:
    oldest = min(given.heads, key=lambda each: each.head.signed_at, default=None)
    return [] if oldest is None else [oldest.key_id]


def _untrusted(given: HeadsFile, own: HeadsFile, trusted: Sequence[str]) -> list[Finding]:
    faults = [*given.bad, *own.bad]
    strangers: list[SignedHead] = [
        each for each in (*given.heads, *own.heads) if each.key_id not in trusted
    ]
    faults += [f"{each.source}: signed by another key, {each.key_id}" for each in strangers]
    return [Finding(Verdict.UNTRUSTED, None, fault) for fault in faults]
