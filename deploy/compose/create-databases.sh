#!/bin/sh
# One database and one login role a service, each its own alone; that of access belongs to a second
# role, which migrates it: who writes the audit log must not own it. Run again it only sets the
# passwords anew. Connects as PGUSER to PGHOST; the passwords lie in $SECRETS.
set -eu

SECRETS=${SECRETS:-/run/secrets}
PGPASSWORD=$(cat "$SECRETS/postgres_password")
export PGPASSWORD

sql() { psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$@"; }

role() { # name
  sql --dbname postgres --set role="$1" --set file="$SECRETS/$1_database_password" <<'SQL'
\set password `cat :'file'`
SELECT format('CREATE ROLE %I LOGIN', :'role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" PASSWORD :'password';
SQL
}

database() { # name, its owner
  sql --dbname postgres --set name="$1" --set owner="$2" <<'SQL'
SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0', :'name', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
ALTER DATABASE :"name" OWNER TO :"owner";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"name" TO :"name";
SQL
}

for service in ingest detect plates tickets; do
  role "$service"
  database "$service" "$service"
done
role access
role access_owner
database access access_owner
# An installation of before there were two roles.
sql --dbname access --command 'REASSIGN OWNED BY access TO access_owner'
sql --dbname postgres --command 'REVOKE CONNECT ON DATABASE postgres FROM PUBLIC'
