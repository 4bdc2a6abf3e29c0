"""Prometheus metrics of tickets. Labels are reasons and causes, never plates or people."""

from prometheus_client import Counter, Gauge, Histogram

drafts = Counter("payesh_tickets_drafts", "Citations that became claimable")
rejections = Counter("payesh_tickets_rejections", "Citations rejected by a rule", ["reason"])
decisions = Counter("payesh_tickets_decisions", "Officers' decisions", ["decision"])
draft_seconds = Histogram(
    "payesh_tickets_draft_seconds",
    "Seconds from the join to the claimable draft",
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300),
)
repriced = Counter("payesh_tickets_repriced", "Held drafts that a later law priced")
bundle_retries = Counter("payesh_tickets_bundle_retries", "Bundle attempts that failed", ["cause"])
bundles_waiting = Gauge("payesh_tickets_bundles_waiting", "Joined, evidence not stored yet")
stamps_waiting = Gauge(
    "payesh_tickets_stamps_waiting", "Signed decisions that no authority has time-stamped yet"
)
