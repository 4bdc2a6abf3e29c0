"""Prometheus metrics of detect. No metric has a camera as its label: a province has a thousand."""

from prometheus_client import Counter

incidents = Counter("payesh_detect_incidents", "Incidents that were raised", ["incident"])
conditions = Counter(
    "payesh_detect_conditions", "Self-checks of detectors that found something", ["condition"]
)
