#!/usr/bin/env bash
# Run once by the postgres image, as the superuser, in a new database: what `terrakin db migrate` may not do as an owner
# who is no superuser, and the passwords. terrakin_etl gets none: jobs log in as the owner and take that role.
set -euo pipefail
: "${TERRAKIN_OWNER_PASSWORD:?}" "${TERRAKIN_READER_PASSWORD:?}"

psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" <<'SQL'
-- Not by --set: arguments of a process can be read by everybody.
\getenv owner_password TERRAKIN_OWNER_PASSWORD
\getenv reader_password TERRAKIN_READER_PASSWORD
BEGIN;
CREATE EXTENSION postgis;
CREATE EXTENSION vector;
CREATE ROLE terrakin LOGIN NOSUPERUSER CREATEROLE PASSWORD :'owner_password';
CREATE ROLE terrakin_etl LOGIN NOSUPERUSER;
CREATE ROLE terrakin_reader LOGIN NOSUPERUSER PASSWORD :'reader_password';
-- Since PostgreSQL 16 CREATEROLE alters only roles that one administers: without this, `db migrate` is refused there.
GRANT terrakin_etl, terrakin_reader TO terrakin WITH ADMIN OPTION;
ALTER DATABASE :"DBNAME" OWNER TO terrakin;
COMMIT;
SQL
