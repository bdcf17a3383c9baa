# PostgreSQL 17 with PostGIS and pgvector from the PostgreSQL project's own package repository, which the base image has.
FROM postgres:17-bookworm

# pgvector before 0.8.3 has faults that matter here (docs/operator.md).
RUN apt-get update \
    && apt-get install -y --no-install-recommends "postgresql-$PG_MAJOR-postgis-3" "postgresql-$PG_MAJOR-pgvector" \
    && rm -rf /var/lib/apt/lists/* \
    && dpkg --compare-versions "$(dpkg-query -W -f '${Version}' "postgresql-$PG_MAJOR-pgvector")" ge 0.8.3

# Run once, by the first start with an empty volume.
COPY --chmod=0755 deploy/make-roles.sh /docker-entrypoint-initdb.d/10-make-roles.sh
