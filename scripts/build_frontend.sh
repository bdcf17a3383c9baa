#!/usr/bin/env bash
# Build webapp/frontend into webapp/static. A stamp holds the hash of the sources: unchanged sources are not built again.
set -euo pipefail
cd "$(dirname "$0")/../webapp/frontend"

say() { printf '[frontend] %s\n' "$*" >&2; }

STAMP=../static/.built-from
sources() {
    find . \( -path ./node_modules -o -path ./src/map/generated -o -name '*.test.ts' \) -prune -o -type f -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
}

wanted=$(sources)
[ "$(cat "$STAMP" 2>/dev/null)" = "$wanted" ] && exit 0

say "building"
# The last step copies Swagger UI for /api/docs, a separate page that the map never loads.
../../scripts/npm.sh run --silent build -- --logLevel warn
printf '%s' "$wanted" >"$STAMP"
kilobytes=$(cat ../static/assets/*.js.gz | wc -c | awk '{ printf "%.0f", $1 / 1000 }')
say "JavaScript: $kilobytes kB gzip in all (at most 620)"
say "built $(du -sh --apparent-size ../static | cut -f1) into webapp/static"
