#!/bin/sh
# Generated from contracts/asyncapi.yaml: make generate
# The users of compose's broker with their passwords, which lie in $SECRETS, and what each may do.
# Run again it sets the passwords anew; a rule that another version granted stays until
# kafka-acls.sh removes it.
set -eu

SECRETS=${SECRETS:-/run/secrets}
BIN=${KAFKA_BIN:-/opt/kafka/bin}
ADMIN=${BUS_ADMIN:-/etc/payesh/bus-admin.properties}
umask 077

user() { # name, file of its password
  # From a file: whoever lists processes reads their arguments.
  printf 'SCRAM-SHA-512=password=%s\n' "$(cat "$SECRETS/$2")" > "/tmp/$1.properties"
  "$BIN/kafka-configs.sh" --bootstrap-server "$PAYESH_KAFKA_BOOTSTRAP" --command-config "$ADMIN" \
    --alter --entity-type users --entity-name "$1" --add-config-file "/tmp/$1.properties"
  rm "/tmp/$1.properties"
}

acl() {
  "$BIN/kafka-acls.sh" --bootstrap-server "$PAYESH_KAFKA_BOOTSTRAP" --command-config "$ADMIN" "$@"
}

user access-bus access_bus_password
acl --add --allow-principal User:access-bus --operation Write --operation Describe --topic access.key.rotated.v1 --topic access.tokens.revoked.v1 --topic audit.read.recorded.v1.dlq --topic audit.ingest.recorded.v1.dlq --topic audit.detect.recorded.v1.dlq --topic audit.plates.recorded.v1.dlq --topic audit.tickets.recorded.v1.dlq --topic audit.access.recorded.v1 --topic audit.access.recorded.v1.dlq
acl --add --allow-principal User:access-bus --operation Read --operation Describe --topic audit.read.recorded.v1 --topic audit.ingest.recorded.v1 --topic audit.detect.recorded.v1 --topic audit.plates.recorded.v1 --topic audit.tickets.recorded.v1 --topic audit.access.recorded.v1
acl --add --allow-principal User:access-bus --operation Read --group access
user ingest-bus ingest_bus_password
acl --add --allow-principal User:ingest-bus --operation Write --operation Describe --topic ingest.camera.configured.v1 --topic ingest.segment.stored.v1 --topic ingest.snapshot.stored.v1 --topic ingest.gap.recorded.v1 --topic ingest.camera.health-changed.v1 --topic access.tokens.revoked.v1.dlq --topic audit.ingest.recorded.v1
acl --add --allow-principal User:ingest-bus --operation Read --operation Describe --topic access.tokens.revoked.v1
user detect-bus detect_bus_password
acl --add --allow-principal User:detect-bus --operation Write --operation Describe --topic ingest.segment.stored.v1.dlq --topic ingest.snapshot.stored.v1.dlq --topic detect.passage.observed.v1 --topic detect.passage.observed.v1.dlq --topic detect.violation.detected.v1 --topic detect.traffic.counted.v1 --topic detect.traffic.counted.v1.dlq --topic detect.incident.observed.v1 --topic detect.incident.observed.v1.dlq --topic detect.detector.health-changed.v1 --topic access.tokens.revoked.v1.dlq --topic audit.detect.recorded.v1
acl --add --allow-principal User:detect-bus --operation Read --operation Describe --topic ingest.segment.stored.v1 --topic ingest.snapshot.stored.v1 --topic detect.passage.observed.v1 --topic detect.traffic.counted.v1 --topic detect.incident.observed.v1 --topic access.tokens.revoked.v1
acl --add --allow-principal User:detect-bus --operation Read --group detect --group detect-projection
user plates-bus plates_bus_password
acl --add --allow-principal User:plates-bus --operation Write --operation Describe --topic detect.passage.observed.v1.dlq --topic detect.violation.detected.v1 --topic plates.plate.read.v1 --topic plates.hotlist.matched.v1 --topic access.tokens.revoked.v1.dlq --topic audit.plates.recorded.v1
acl --add --allow-principal User:plates-bus --operation Read --operation Describe --topic detect.passage.observed.v1 --topic access.tokens.revoked.v1
acl --add --allow-principal User:plates-bus --operation Read --group plates
user tickets-bus tickets_bus_password
acl --add --allow-principal User:tickets-bus --operation Write --operation Describe --topic detect.violation.detected.v1.dlq --topic plates.plate.read.v1.dlq --topic tickets.citation.drafted.v1 --topic tickets.citation.issued.v1 --topic tickets.citation.rejected.v1 --topic tickets.citation.objected.v1 --topic tickets.citation.closed.v1 --topic access.tokens.revoked.v1.dlq --topic audit.tickets.recorded.v1
acl --add --allow-principal User:tickets-bus --operation Read --operation Describe --topic detect.violation.detected.v1 --topic plates.plate.read.v1 --topic access.tokens.revoked.v1
acl --add --allow-principal User:tickets-bus --operation Read --group tickets
user dead-letters dead_letters_bus_password
acl --add --allow-principal User:dead-letters --operation Write --operation Describe --topic ingest.segment.stored.v1 --topic ingest.snapshot.stored.v1 --topic detect.passage.observed.v1 --topic detect.violation.detected.v1 --topic detect.traffic.counted.v1 --topic detect.incident.observed.v1 --topic plates.plate.read.v1 --topic access.tokens.revoked.v1 --topic audit.read.recorded.v1 --topic audit.ingest.recorded.v1 --topic audit.detect.recorded.v1 --topic audit.plates.recorded.v1 --topic audit.tickets.recorded.v1 --topic audit.access.recorded.v1
acl --add --allow-principal User:dead-letters --operation Read --operation Describe --topic ingest.segment.stored.v1.dlq --topic ingest.snapshot.stored.v1.dlq --topic detect.passage.observed.v1.dlq --topic detect.violation.detected.v1.dlq --topic detect.traffic.counted.v1.dlq --topic detect.incident.observed.v1.dlq --topic plates.plate.read.v1.dlq --topic access.tokens.revoked.v1.dlq --topic audit.read.recorded.v1.dlq --topic audit.ingest.recorded.v1.dlq --topic audit.detect.recorded.v1.dlq --topic audit.plates.recorded.v1.dlq --topic audit.tickets.recorded.v1.dlq --topic audit.access.recorded.v1.dlq
