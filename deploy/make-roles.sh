#!/usr/bin/env bash
# Create extensions, roles and passwords in a new database. The postgres image runs this once as the superuser, because
# `terrakin db migrate` runs as the owner, who is not one. terrakin_etl has no password: jobs log in as the owner and set
# that role.
set -euo pipefail
: "${TERRAKIN_OWNER_PASSWORD:?}" "${TERRAKIN_READER_PASSWORD:?}"

psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" <<'SQL'
-- Not with --set: all users can read the arguments of a process.
\getenv owner_password TERRAKIN_OWNER_PASSWORD
\getenv reader_password TERRAKIN_READER_PASSWORD
BEGIN;
CREATE EXTENSION postgis;
CREATE EXTENSION vector;
CREATE ROLE terrakin LOGIN NOSUPERUSER CREATEROLE PASSWORD :'owner_password';
CREATE ROLE terrakin_etl LOGIN NOSUPERUSER;
CREATE ROLE terrakin_reader LOGIN NOSUPERUSER PASSWORD :'reader_password';
-- Since PostgreSQL 16, CREATEROLE is not enough to alter these roles: `terrakin db migrate` needs the admin option.
GRANT terrakin_etl, terrakin_reader TO terrakin WITH ADMIN OPTION;
ALTER DATABASE :"DBNAME" OWNER TO terrakin;
COMMIT;
SQL
