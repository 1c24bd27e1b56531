#!/bin/sh
# Run once by the PostgreSQL image, when it makes its data folder: a role for the application that owns its
# database and is nothing else. The superuser's password is known to this container alone.
set -eu
psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 \
    --set password="$(cat "$APP_PASSWORD_FILE")" <<'SQL'
CREATE ROLE brokerapp LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE brokerapp OWNER brokerapp;
REVOKE ALL ON DATABASE brokerapp FROM PUBLIC;
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
SQL
