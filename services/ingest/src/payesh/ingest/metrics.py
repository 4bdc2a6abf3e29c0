"""Prometheus metrics of ingest. No metric has a camera as its label: a province has a thousand."""

from prometheus_client import Counter, Gauge, Histogram

spooled = Counter("payesh_ingest_segments_spooled", "Segments written to the spool")
stored = Counter("payesh_ingest_segments_stored", "Segments stored and published")
snapshots = Counter("payesh_ingest_snapshots_stored", "Stills stored and published")
gaps = Counter("payesh_ingest_gaps_recorded", "Gaps recorded", ["reason"])
reconnects = Counter("payesh_ingest_reconnects", "Connections to sources that failed or ended")
recorders = Gauge("payesh_ingest_recorders", "Cameras that this replica records")
set_aside = Counter("payesh_ingest_spool_items_set_aside", "Items that wait for an operator")
spool_bytes = Gauge("payesh_ingest_spool_bytes", "Bytes of media that wait in the spool")
spool_items = Gauge("payesh_ingest_spool_items", "Items that wait in the spool")
store_lag_s = Histogram(
    "payesh_ingest_store_lag_seconds",
    "From the end of a segment's last frame to its publication",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300, 3600),
)
