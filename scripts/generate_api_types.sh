#!/usr/bin/env bash
# Generate webapp/frontend/src/api/schema.ts from the API's OpenAPI document.
# With --check, write nothing and exit with status 1 if the file is stale.
set -euo pipefail
cd "$(dirname "$0")/.."

TARGET=webapp/frontend/src/api/schema.ts
generated=$(mktemp)
trap 'rm -f "$generated"' EXIT
PYTHONPATH=$PWD .venv/bin/python scripts/print_openapi.py | scripts/npm.sh run --silent types:print >"$generated"

if [ "${1:-}" != --check ]; then
    cp "$generated" "$TARGET"
elif ! cmp -s "$TARGET" "$generated"; then
    diff -u "$TARGET" "$generated" | head -n 20 >&2 || true
    printf '[frontend] error: %s is stale; run scripts/generate_api_types.sh\n' "$TARGET" >&2
    exit 1
fi
