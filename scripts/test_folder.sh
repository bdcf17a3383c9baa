#!/usr/bin/env bash
# Print the folder for the temporary files of the tests: in memory, if there is room and programs may run there.
# The tests create and drop hundreds of databases, which takes several times as long on a disk.
set -euo pipefail
MEMORY=/dev/shm
NEEDED_GIB=8
if [[ -z "${TMPDIR:-}" && -w "$MEMORY" ]] &&
    (($(df --output=avail -BG "$MEMORY" | tail -n 1 | tr -dc 0-9) >= NEEDED_GIB)) &&
    ! findmnt --noheadings --output OPTIONS "$MEMORY" | grep -qw noexec; then
    echo "$MEMORY"
else
    echo "${TMPDIR:-/tmp}"
fi
