"""What the numbers of services and epochs in an export show, beside its hashes."""

from collections.abc import Iterator, Sequence

from payesh.access.domain.audit_findings import ExportedLeaf, Finding, Verdict, runs_of
from payesh.access.domain.tree_head import TreeHead


def numbered(leaves: Sequence[ExportedLeaf]) -> Iterator[Finding]:
    """What the numbers of each service and epoch show: gaps, seconds, and new epochs."""
    last: dict[tuple[str, str], int] = {}
    gaps: dict[tuple[str, str], set[int]] = {}
    newest: dict[str, str] = {}
    for index, leaf in enumerate(leaves):
        if leaf.alarm is not None:
            yield Finding(Verdict.ALARM, index, leaf.alarm)
        if leaf.record is None:
            continue
        service, epoch, sequence = leaf.record
        key = service, epoch
        if key not in last and service in newest:
            earlier = newest[service]
            yield Finding(
                Verdict.RESTORED,
                index,
                f"{service} counts anew with {leaf.label}, after {service}/{earlier or '-'}/"
                f"{last[service, earlier]}: its database was restored, or a standby promoted",
            )
        if key not in last:
            newest[service] = epoch
        held, missing = last.get(key, 0), gaps.setdefault(key, set())
        if sequence > held:
            missing.update(range(held + 1, min(sequence, held + 10_001)))
            last[key] = sequence
        elif sequence in missing:
            missing.discard(sequence)
        else:
            text = f"{leaf.label} stands for two records: a copied database, or a forged record"
            yield Finding(Verdict.DUPLICATE, index, text)
    some_are_withheld = any(leaf.record is None for leaf in leaves)
    for (service, epoch), missing in sorted(gaps.items()):
        for first, final in runs_of(sorted(missing)):
            numbers = str(first) if first == final else f"{first} to {final}"
            text = f"{service}/{epoch or '-'}/{numbers} never came into the log"
            if some_are_withheld:
                text += ", or is withheld from this export"
            yield Finding(Verdict.GAP, None, text)


def counted(leaves: Sequence[ExportedLeaf], head: TreeHead) -> Iterator[Finding]:
    """A head states how far each service had come: an export with all records has come as far."""
    if any(leaf.record is None for leaf in leaves[: head.tree_size]):
        return
    if len(leaves) < head.tree_size:
        return  # named as truncated, with the same numbers
    records: dict[str, int] = {}
    for leaf in leaves[: head.tree_size]:
        if leaf.record is not None:
            records[leaf.record[0]] = records.get(leaf.record[0], 0) + 1
    for service, stated in sorted(head.services.items()):
        have = records.get(service, 0)
        if have != stated.records_of_all_epochs:
            text = f"{service} has {have} records, the tree head {stated.records_of_all_epochs}"
            yield Finding(Verdict.DIFFERS, None, text)


def missing_numbers(leaves: Sequence[ExportedLeaf], head: TreeHead) -> str:
    """Which numbers of each service a cut tail had, by the head of each service."""
    have: dict[tuple[str, str], int] = {}
    for leaf in leaves:
        if leaf.record is not None:
            key = leaf.record[:2]
            have[key] = max(have.get(key, 0), leaf.record[2])
    parts = [
        f"{service}/{stated.epoch or '-'}/{have.get((service, stated.epoch), 0) + 1}"
        f" to {stated.sequence}"
        for service, stated in sorted(head.services.items())
        if have.get((service, stated.epoch), 0) < stated.sequence
    ]
    return ", ".join(parts)
