"""The state of the audit log for `/readyz`: what a person must look at, while access serves."""

import time
from collections.abc import Mapping

from payesh.access import metrics
from payesh.access.adapters import audit_alarms, tree_heads
from payesh.access.dependencies import Dependencies
from payesh.access.domain.lag import BOUND_S
from payesh.kit.errors import DatabaseUnavailable
from payesh.kit.lifecycle import Periodic


async def audit_notices(
    dependencies: Dependencies, publishing: Mapping[str, Periodic]
) -> dict[str, str]:
    """Lag, alarms without an answer, and each place that tree heads are taken to."""
    notices = {"audit lag": _lag(dependencies)}
    try:
        async with dependencies.database.transaction() as session:
            open_alarms = await audit_alarms.open_by_kind(session)
            head = await tree_heads.latest(session)
            published = await tree_heads.publications(session)
    except DatabaseUnavailable:
        return notices | {"audit alarms": "unknown"}
    metrics.audit_open_alarms.clear()
    for kind, count in open_alarms.items():
        metrics.audit_open_alarms.labels(kind).set(count)
    notices["audit alarms"] = (
        ", ".join(f"{kind}: {count}" for kind, count in sorted(open_alarms.items())) or "ok"
    )
    size = head.tree_size if head else 0
    for target, worker in publishing.items():
        behind = size - (published[target].tree_size if target in published else 0)
        state = f"waits for {worker.blocked_by}, {behind} records behind"
        notices[f"audit heads to {target}"] = state if worker.blocked_by else "ok"
    return notices


def _lag(dependencies: Dependencies) -> str:
    p95_s = dependencies.audit_lag.p95_s(time.monotonic())
    if p95_s is None:
        return "no record in the last minutes"
    verdict = "ok" if p95_s <= BOUND_S else "too long"
    return f"{verdict}: p95 {p95_s:.2f} s of {BOUND_S:.0f} s"
