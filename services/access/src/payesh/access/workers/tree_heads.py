"""Tree heads signed in time, and taken to every place outside."""

from collections.abc import Sequence
from functools import partial

from payesh.access.adapters.witnesses import Witness
from payesh.access.dependencies import Dependencies
from payesh.access.handlers.publishing import BUCKET, publish_to_bucket, publish_to_witness
from payesh.access.handlers.tree_heads import sign_head
from payesh.kit.lifecycle import Periodic
from payesh.kit.objects import ObjectStore


def signer(dependencies: Dependencies) -> Periodic:
    """Signs a head at each interval in which the log grew."""
    interval_s = dependencies.settings.audit_head_interval_s
    return Periodic("tree head", interval_s, partial(sign_head, dependencies))


def publishers(
    dependencies: Dependencies, store: ObjectStore, witnesses: Sequence[Witness]
) -> dict[str, Periodic]:
    """One a target, so that none waits for another; each sends the newest head alone, so that a
    target that was away for long is as quickly up to date again."""
    interval_s = dependencies.settings.audit_head_interval_s
    found = {
        BUCKET: Periodic(
            "tree heads to bucket", interval_s, partial(publish_to_bucket, dependencies, store)
        )
    }
    for witness in witnesses:
        name = f"witness {witness.name}"
        found[name] = Periodic(
            f"tree heads to {name}", interval_s, partial(publish_to_witness, dependencies, witness)
        )
    return found
