#!/bin/sh
# Draws every secret of one installation of docker-compose.yml: deploy/compose/make-secrets.sh
# Run it once, in the repository's root. It refuses a folder that exists: other keys would make
# what is stored unreadable, and other passwords would not be those of the database.
set -eu

folder=${1:-secrets}
if [ -e "$folder" ]; then
  echo "$folder exists already and stays as it is" >&2
  exit 1
fi
umask 077
partial=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$partial"' EXIT

hex() { od -An -v -tx1 -N "$1" /dev/urandom | tr -d ' \n'; }
fernet() { head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n'; }
# Readable by the containers' users, whose numbers the host does not know; on the host only the
# owner can enter the folder.
keep() { printf '%s' "$2" > "$partial/$1" && chmod 0444 "$partial/$1"; }

keep postgres_password "$(hex 24)"
for service in access ingest detect plates tickets; do
  password=$(hex 24)
  keep "${service}_database_password" "$password"
  keep "${service}_database_url" "postgresql+asyncpg://$service:$password@postgres:5432/$service"
done
# The broker's users are in create-bus-users.sh, with what each may do.
keep kafka_admin_password "$(hex 24)"
for user in access ingest detect plates tickets dead_letters; do
  keep "${user}_bus_password" "$(hex 24)"
done
keep minio_root_user "root-$(hex 6)"
keep minio_root_password "$(hex 20)"
password=$(hex 24)  # of the role that owns access's tables and migrates them
keep access_owner_database_password "$password"
keep access_owner_database_url "postgresql+asyncpg://access_owner:$password@postgres:5432/access"
for service in access ingest detect plates tickets; do
  keep "${service}_s3_secret_key" "$(hex 20)"
done
# Evidence is not signed before the root certified a key: docs/runbooks.md, "Evidence keys".
keep tickets_evidence_keys "[]"
keep tickets_webhook_key "$(hex 32)"
keep ingest_source_key "$(fernet)"
keep access_key_encryption_key "$(fernet)"
keep query_digest_key "$(hex 32)"
keep pages_client_secret "$(hex 32)"
keep detect_pages_client_secret "$(hex 32)"
keep services_client_secret "$(hex 32)"
keep first_administrator "$(hex 32)"
"$(dirname "$0")/make-certificates.sh" "$partial"

mv "$partial" "$folder"
trap - EXIT
echo "$folder holds the secrets: keep a copy in a safe, apart from the backups"
echo "and take $folder/authority to a place that is not reached from here"
