#!/bin/sh
# Generated from contracts/asyncapi.yaml: python -m payesh.contracts.topics --compose
set -eu
ADMIN=${BUS_ADMIN:-/etc/payesh/bus-admin.properties}
topic() {
  "${KAFKA_BIN:-/opt/kafka/bin}/kafka-topics.sh" --bootstrap-server "$PAYESH_KAFKA_BOOTSTRAP" --command-config "$ADMIN" \
    --create --if-not-exists --replication-factor 1 --topic "$@"
}
topic ingest.camera.configured.v1 --partitions 4 --config cleanup.policy=compact
topic ingest.segment.stored.v1 --partitions 4 --config cleanup.policy=delete --config retention.ms=259200000
topic ingest.segment.stored.v1.dlq --partitions 1 --config cleanup.policy=delete --config retention.ms=259200000
topic ingest.snapshot.stored.v1 --partitions 4 --config cleanup.policy=delete --config retention.ms=259200000
topic ingest.snapshot.stored.v1.dlq --partitions 1 --config cleanup.policy=delete --config retention.ms=259200000
topic ingest.gap.recorded.v1 --partitions 4 --config cleanup.policy=delete --config retention.ms=2592000000
topic ingest.camera.health-changed.v1 --partitions 4 --config cleanup.policy=delete --config retention.ms=2592000000
topic detect.passage.observed.v1 --partitions 4 --config cleanup.policy=delete --config retention.ms=259200000
topic detect.passage.observed.v1.dlq --partitions 1 --config cleanup.policy=delete --config retention.ms=259200000
topic detect.violation.detected.v1 --partitions 4 --config cleanup.policy=delete --config retention.ms=604800000
topic detect.violation.detected.v1.dlq --partitions 1 --config cleanup.policy=delete --config retention.ms=259200000
topic detect.traffic.counted.v1 --partitions 4 --config cleanup.policy=delete --config retention.ms=604800000
topic detect.traffic.counted.v1.dlq --partitions 1 --config cleanup.policy=delete --config retention.ms=259200000
topic detect.incident.observed.v1 --partitions 4 --config cleanup.policy=delete --config retention.ms=2592000000
topic detect.incident.observed.v1.dlq --partitions 1 --config cleanup.policy=delete --config retention.ms=259200000
topic detect.detector.health-changed.v1 --partitions 4 --config cleanup.policy=delete --config retention.ms=2592000000
topic plates.plate.read.v1 --partitions 4 --config cleanup.policy=delete --config retention.ms=259200000
topic plates.plate.read.v1.dlq --partitions 1 --config cleanup.policy=delete --config retention.ms=259200000
topic plates.hotlist.matched.v1 --partitions 4 --config cleanup.policy=delete --config retention.ms=259200000
topic tickets.citation.drafted.v1 --partitions 4 --config cleanup.policy=delete --config retention.ms=604800000
topic tickets.citation.issued.v1 --partitions 4 --config cleanup.policy=delete --config retention.ms=604800000
topic tickets.citation.rejected.v1 --partitions 4 --config cleanup.policy=delete --config retention.ms=604800000
topic tickets.citation.objected.v1 --partitions 4 --config cleanup.policy=delete --config retention.ms=604800000
topic tickets.citation.closed.v1 --partitions 4 --config cleanup.policy=delete --config retention.ms=604800000
topic access.key.rotated.v1 --partitions 1 --config cleanup.policy=delete --config retention.ms=2592000000
topic access.tokens.revoked.v1 --partitions 1 --config cleanup.policy=compact,delete --config retention.ms=86400000
topic access.tokens.revoked.v1.dlq --partitions 1 --config cleanup.policy=delete --config retention.ms=259200000
topic audit.read.recorded.v1 --partitions 4 --config cleanup.policy=delete --config retention.ms=2592000000
topic audit.read.recorded.v1.dlq --partitions 1 --config cleanup.policy=delete --config retention.ms=-1
topic audit.ingest.recorded.v1 --partitions 1 --config cleanup.policy=delete --config retention.ms=2592000000
topic audit.ingest.recorded.v1.dlq --partitions 1 --config cleanup.policy=delete --config retention.ms=-1
topic audit.detect.recorded.v1 --partitions 1 --config cleanup.policy=delete --config retention.ms=2592000000
topic audit.detect.recorded.v1.dlq --partitions 1 --config cleanup.policy=delete --config retention.ms=-1
topic audit.plates.recorded.v1 --partitions 1 --config cleanup.policy=delete --config retention.ms=2592000000
topic audit.plates.recorded.v1.dlq --partitions 1 --config cleanup.policy=delete --config retention.ms=-1
topic audit.tickets.recorded.v1 --partitions 1 --config cleanup.policy=delete --config retention.ms=2592000000
topic audit.tickets.recorded.v1.dlq --partitions 1 --config cleanup.policy=delete --config retention.ms=-1
topic audit.access.recorded.v1 --partitions 1 --config cleanup.policy=delete --config retention.ms=2592000000
topic audit.access.recorded.v1.dlq --partitions 1 --config cleanup.policy=delete --config retention.ms=-1
