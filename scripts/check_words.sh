#!/usr/bin/env bash
# Fail if a word is used that docs/developer.md replaces by a term of the field (match, neighbours, similarity).
set -uo pipefail
cd "$(dirname "$0")/.."

WORDS='\bkin\b|tile_kin|kin_tile|look-?alike|likeness|\banew\b|\bis had\b|cannot be had'
PER='\ba (row|city|stage|tile|method) a (period|city|tile|stage|row|method)\b'

git grep --untracked -nIiE "$WORDS|$PER" -- . ':!CHANGELOG.md' ':!docs/decisions.md' ':!scripts/check_words.sh'
status=$?
[ $status -eq 1 ] || { echo "these words are replaced by terms of the field; see the vocabulary in docs/developer.md" >&2; exit 1; }
