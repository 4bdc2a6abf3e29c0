"""Prometheus metrics of plates. Labels are verdicts, never plates or people."""

from prometheus_client import Counter

stretches = Counter("payesh_plates_stretches", "Ends of stretches judged", ["verdict"])
second_opinions = Counter(
    "payesh_plates_second_opinions", "Reads that the second reader read too", ["opinion"]
)
