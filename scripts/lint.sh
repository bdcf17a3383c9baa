#!/usr/bin/env bash
# Check the code without changing it, all checks at once: `make lint`, `make test` and pre-commit run this.
#
#   scripts/lint.sh              all checks
#   scripts/lint.sh ruff types   some of them
set -uo pipefail
cd "$(dirname "$0")/.."

ALL=(ruff format types imports words generated frontend)
PATH="$PWD/.venv/bin:$PATH"
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"

ruff_() { ruff check --quiet .; }
format_() { ruff format --quiet --check . || { ruff format --check . ; echo "run: make format" >&2; return 1; }; }
types_() { mypy --no-error-summary; }
imports_() { lint-imports --no-logo; }
words_() { scripts/check_words.sh; }
# sql/README.md is compared with the database by tests/db/catalogue/test_reference.py.
generated_() {
    [ ! -f scripts/generate_search.py ] || python scripts/generate_search.py --check
}
frontend_() {
    local script status=0
    [ -x scripts/npm.sh ] || return 0
    for script in lint typecheck types:check test; do
        scripts/npm.sh run --silent --if-present "$script" || status=1
    done
    return $status
}

checks=("${@:-${ALL[@]}}")
for check in "${checks[@]}"; do
    declare -F "${check}_" >/dev/null || { echo "lint.sh: no check '$check'; checks: ${ALL[*]}" >&2; exit 2; }
done
output=$(mktemp -d)
# A shell that ends, also by Ctrl+C, takes the checks that still run with it.
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$output"' EXIT
declare -A process
for check in "${checks[@]}"; do
    "${check}_" >"$output/$check" 2>&1 &
    process[$check]=$!
done
failed=()
for check in "${checks[@]}"; do
    if wait "${process[$check]}"; then
        printf '[lint] %-10s ok\n' "$check" >&2
    else
        cat "$output/$check" >&2
        printf '[lint] %-10s FAILED\n' "$check" >&2
        failed+=("$check")
    fi
done
[ ${#failed[@]} -eq 0 ] || { echo "[lint] failed: ${failed[*]}" >&2; exit 1; }
