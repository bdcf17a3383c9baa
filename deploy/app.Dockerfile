# The program `terrakin` with the built front end: web app, migrations and ETL are the same image.
FROM node:24-bookworm-slim AS frontend
WORKDIR /src/webapp/frontend
COPY webapp/frontend/package.json webapp/frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY webapp/frontend ./
RUN npm run build

FROM python:3.11-slim-bookworm AS packages
WORKDIR /src
RUN python -m venv /opt/terrakin
ENV PATH=/opt/terrakin/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY pyproject.toml constraints.txt README.md terrakin.py ./
COPY db db
COPY etl etl
COPY sql sql
COPY webapp webapp
COPY --from=frontend /src/webapp/static webapp/static
# Names of optional dependencies in pyproject.toml, with commas: onnx, terramind.
ARG EXTRAS=
RUN pip install -c constraints.txt ".${EXTRAS:+[$EXTRAS]}"

FROM python:3.11-slim-bookworm
# rasterio's wheel expects the system's libexpat, Numba's parallel layer its libgomp.
RUN apt-get update && apt-get install -y --no-install-recommends libexpat1 libgomp1 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/terrakin --create-home terrakin
COPY --from=packages /opt/terrakin /opt/terrakin
# Numba and Matplotlib keep caches, and the file system may be read-only.
ENV PATH=/opt/terrakin/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    TERRAKIN_HOME=/var/lib/terrakin NUMBA_CACHE_DIR=/tmp/numba MPLCONFIGDIR=/tmp/matplotlib
USER 10001:10001
# A system library that a wheel misses is found by the build, not by the first request.
RUN terrakin --version && python -c "import psycopg, pyarrow, pyproj, rasterio, shapely, sklearn, webapp.app"
WORKDIR /var/lib/terrakin
ENTRYPOINT ["terrakin"]
