# PostgreSQL 17 with PostGIS and pgvector from apt.postgresql.org, which the base image is configured for.
FROM postgres:17-bookworm

# Older versions of pgvector can damage HNSW indexes (docs/operator.md).
RUN apt-get update \
    && apt-get install -y --no-install-recommends "postgresql-$PG_MAJOR-postgis-3" "postgresql-$PG_MAJOR-pgvector" \
    && rm -rf /var/lib/apt/lists/* \
    && dpkg --compare-versions "$(dpkg-query -W -f '${Version}' "postgresql-$PG_MAJOR-pgvector")" ge 0.8.3

# Runs once, when the database starts with an empty volume.
COPY --chmod=0755 deploy/make-roles.sh /docker-entrypoint-initdb.d/10-make-roles.sh
