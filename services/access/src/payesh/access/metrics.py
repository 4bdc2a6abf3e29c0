"""Prometheus metrics of access. No label identifies a person or a client."""

from prometheus_client import Counter

token_answers = Counter(
    "payesh_access_tokens", "Answers of the token endpoint", ["grant", "outcome"]
)
sign_ins = Counter("payesh_access_sign_ins", "Attempts to sign in", ["outcome"])
audit_records = Counter("payesh_access_audit_records", "Audit records received", ["outcome"])
