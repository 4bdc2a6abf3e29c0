#!/bin/sh
# PostgreSQL takes its key only from a file that nobody else may read, which a mounted secret is not.
set -eu
umask 077
cp /run/secrets/postgres_key /var/run/postgresql/server.key
exec docker-entrypoint.sh "$@"
