"""Prometheus metrics of the kit. Labels are topics, routes and dependencies, never identities."""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60)

messages_handled = Counter(
    "payesh_messages_handled", "Messages whose effect is kept", ["group", "topic"]
)
messages_dead = Counter("payesh_messages_dead_lettered", "Dead letters", ["group", "topic"])
message_retries = Counter(
    "payesh_message_retries", "Attempts that failed", ["group", "topic", "cause"]
)
partitions_paused = Gauge(
    "payesh_partitions_paused", "Partitions waiting for a dependency", ["group", "dependency"]
)
partitions_assigned = Gauge("payesh_partitions_assigned", "Partitions in hand", ["group"])
handler_seconds = Histogram(
    "payesh_handler_seconds", "Seconds of one attempt", ["group", "topic"], buckets=_SECONDS
)
messages_published = Counter("payesh_messages_published", "Acknowledged by the bus", ["topic"])
outbox_backlog = Gauge("payesh_outbox_backlog", "Rows that wait for the relay")
outbox_age_seconds = Gauge("payesh_outbox_age_seconds", "Age of the oldest of them")
relay_published = Counter("payesh_relay_published", "Outbox rows published")
http_requests = Counter("payesh_http_requests", "Requests answered", ["method", "route", "status"])
http_seconds = Histogram(
    "payesh_http_seconds", "Seconds to answer", ["method", "route"], buckets=_SECONDS
)
refusals = Counter("payesh_refusals", "Answers of 401, 403 and 429", ["type"])
forwarded_unusable = Counter(
    "payesh_unusable_forwarded_addresses",
    "Requests whose X-Forwarded-For lacks an address at the place of PAYESH_FORWARDED_HOPS",
)
webhook_attempts = Counter("payesh_webhook_attempts", "Attempts at a delivery", ["outcome"])
revocations_kept = Gauge("payesh_revocations_kept", "Revocations that have not expired")
revocations_refused = Counter("payesh_revocations_refused", "Requests refused as revoked")
revocations_unreadable = Counter(
    "payesh_revocations_unreadable", "Messages of the topic that were not understood"
)
certificate_expires = Gauge(
    "payesh_certificate_expires_timestamp_seconds",
    "When the server's certificate that is in use ends, in seconds since 1970",
)
worker_failures = Counter(
    "payesh_worker_failures", "Calls of a background worker that failed", ["worker", "blocked_by"]
)
