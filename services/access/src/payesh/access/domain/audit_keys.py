"""The keys of tree heads that a verifier trusts: those it knows, and whom these handed over to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from payesh.access.domain.audit_findings import Finding, Verdict
from payesh.access.domain.tree_head import Endorsement


@dataclass(slots=True)
class FollowedKeys:
    """`until` maps a trusted key to the size of the last tree that it may sign, None without end;
    in the order in which they followed one another."""

    until: dict[str, int | None] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def signs(self, key_id: str, tree_size: int) -> bool:
        """Whether a head of this key for a tree of this size is trusted."""
        if key_id not in self.until:
            return False
        last = self.until[key_id]
        return last is None or tree_size <= last


def followed_keys(known: Sequence[str], endorsements: Iterable[Endorsement]) -> FollowedKeys:
    """Follow endorsements from the known keys on. A key with two successors is a fork: neither the
    log nor who stole its key can be told from the other."""
    successors: dict[str, set[Endorsement]] = {}
    for each in endorsements:
        successors.setdefault(each.key_id, set()).add(each)
    found = FollowedKeys(dict.fromkeys(known))
    waiting = list(found.until)
    for key_id in waiting:
        following = successors.get(key_id, set())
        if len(following) > 1:
            text = f"{key_id} handed over to two keys, or after two sizes of the tree"
            found.findings.append(Finding(Verdict.FORKED, None, text))
        for each in sorted(following, key=lambda each: (each.tree_size, each.next_key_id)):
            last = found.until[key_id]
            found.until[key_id] = each.tree_size if last is None else min(last, each.tree_size)
            if each.next_key_id not in found.until:
                found.until[each.next_key_id] = None
                waiting.append(each.next_key_id)
    return found
