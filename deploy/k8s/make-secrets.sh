#!/bin/sh
# Prints every secret of one installation, drawn anew:
#   deploy/k8s/make-secrets.sh | kubectl create -f -
# `create` leaves what exists alone, as it must: other keys would make what is stored unreadable.
set -eu

hex() { od -An -v -tx1 -N "$1" /dev/urandom | tr -d ' \n'; }
fernet() { head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n'; }
secret() { # name, type, then key=value ...
  printf -- '---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\n  namespace: payesh\n' "$1"
  printf '  labels: {app.kubernetes.io/part-of: payesh, cnpg.io/reload: "true"}\n'
  printf 'type: %s\nstringData:\n' "$2"
  shift 2
  for pair in "$@"; do printf '  %s: "%s"\n' "${pair%%=*}" "${pair#*=}"; done
}

for service in access ingest detect plates tickets; do
  secret "$service-database" kubernetes.io/basic-auth "username=$service" "password=$(hex 24)"
done
# Owns the tables of access and migrates them; who writes the audit log must not own it.
secret access-owner-database kubernetes.io/basic-auth "username=access_owner" "password=$(hex 24)"
for service in access ingest detect plates tickets; do
  secret "$service-objects" Opaque "secret-key=$(hex 20)"
done
secret minio-root Opaque "user=root-$(hex 6)" "password=$(hex 20)"
secret ingest-keys Opaque "source-key=$(fernet)"
secret access-keys Opaque "key-encryption-key=$(fernet)" "first-administrator=$(hex 32)"
secret query-digests Opaque "key=$(hex 32)"
# Evidence is not signed before the root certified a key: docs/runbooks.md, "Evidence keys".
secret tickets-evidence-keys Opaque "keys=[]"
secret tickets-webhooks Opaque "key=$(hex 32)"
secret tickets-pages Opaque "client-secret=$(hex 32)"
secret detect-pages Opaque "client-secret=$(hex 32)"
secret services-client Opaque "client-secret=$(hex 32)"
