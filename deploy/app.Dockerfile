# The command `terrakin` with the built front end: one image for the web app, migrations and the ETL.
FROM node:24-bookworm-slim AS frontend
WORKDIR /src/webapp/frontend
COPY webapp/frontend/package.json webapp/frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY webapp/frontend ./
RUN npm run build

FROM python:3.11-slim-trixie AS packages
WORKDIR /src
RUN python -m venv /opt/terrakin
ENV PATH=/opt/terrakin/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY pyproject.toml constraints.txt README.md terrakin.py ./
COPY benchmarks benchmarks
COPY db db
COPY etl etl
COPY sql sql
COPY webapp webapp
COPY --from=frontend /src/webapp/static webapp/static
# Optional dependencies from pyproject.toml, separated by commas: onnx, terramind.
ARG EXTRAS=
RUN pip install -c constraints.txt ".${EXTRAS:+[$EXTRAS]}"

FROM python:3.11-slim-trixie
# rasterio's wheel needs libexpat from the system, Numba's parallel layer libgomp, backups pg_dump of the server's version.
RUN apt-get update && apt-get install -y --no-install-recommends libexpat1 libgomp1 postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/terrakin --create-home terrakin
COPY --from=packages /opt/terrakin /opt/terrakin
# Numba and Matplotlib write caches, and the file system may be read-only.
ENV PATH=/opt/terrakin/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    TERRAKIN_HOME=/var/lib/terrakin NUMBA_CACHE_DIR=/tmp/numba MPLCONFIGDIR=/tmp/matplotlib
USER 10001:10001
# Fail at build time, not at the first request, if a wheel lacks a system library.
RUN terrakin --version && python -c "import psycopg, pyarrow, pyproj, rasterio, shapely, sklearn, webapp.app"
WORKDIR /var/lib/terrakin
ENTRYPOINT ["terrakin"]
