#!/bin/sh
# One database and one login role a service, each its own alone. Run again it only sets the
# passwords anew. Connects as PGUSER to PGHOST; the passwords lie in $SECRETS.
set -eu

SECRETS=${SECRETS:-/run/secrets}
PGPASSWORD=$(cat "$SECRETS/postgres_password")
export PGPASSWORD

for service in access ingest detect plates tickets; do
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname postgres \
    --set service="$service" --set file="$SECRETS/${service}_database_password" <<'SQL'
\set password `cat :'file'`
SELECT format('CREATE ROLE %I LOGIN', :'service')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'service') \gexec
SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0', :'service', :'service')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'service') \gexec
ALTER ROLE :"service" PASSWORD :'password';
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
SQL
done
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname postgres \
  --command 'REVOKE CONNECT ON DATABASE postgres FROM PUBLIC'
