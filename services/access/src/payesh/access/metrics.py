"""Prometheus metrics of access. No label identifies a person or a client."""

from prometheus_client import Counter, Gauge, Histogram

token_answers = Counter(
    "payesh_access_tokens", "Answers of the token endpoint", ["grant", "outcome"]
)
sign_ins = Counter("payesh_access_sign_ins", "Attempts to sign in", ["outcome"])
audit_records = Counter("payesh_access_audit_records", "Audit records received", ["outcome"])
audit_lag_seconds = Histogram(
    "payesh_access_audit_lag_seconds",
    "From an audit record's time in its service to its commit in the log",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600),
)
audit_alarms = Counter("payesh_access_audit_alarms", "Alarms of the audit log raised", ["kind"])
audit_open_alarms = Gauge(
    "payesh_access_audit_open_alarms", "Alarms of the audit log that wait for a person", ["kind"]
)
audit_tree_size = Gauge(
    "payesh_access_audit_tree_size", "Records that the newest signed tree head covers"
)
audit_published_size = Gauge(
    "payesh_access_audit_published_size",
    "Records that the newest tree head at a place outside covers",
    ["target"],
)
