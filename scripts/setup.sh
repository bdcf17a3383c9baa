#!/usr/bin/env bash
# Install what terrakin needs on Debian 12 (or newer) or Ubuntu, as root or with sudo: PostgreSQL, PostGIS, pgvector and
# Python's venv, then Python packages in the virtual environment .venv. Installed packages are skipped: a second run takes
# a second.
#
#   scripts/setup.sh demo    for `make demo`
#   scripts/setup.sh test    for `make test`: also Chromium and terratorch
#   scripts/setup.sh qgis    for `make test-qgis`: also PyQGIS (930 MB)
#   scripts/setup.sh bench   for `make bench-...`: also the peers (Qdrant, FAISS)
set -euo pipefail
cd "$(dirname "$0")/.."

PROFILE=${1:-demo}
PGVECTOR_MINIMUM=0.8.0  # the first release with iterative index scans
export DEBIAN_FRONTEND=noninteractive

say() { printf '[setup] %s\n' "$*" >&2; }
die() { printf '[setup] error: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo --preserve-env=DEBIAN_FRONTEND "$@"
    else die "root is needed for: $*; run as root or install sudo"
    fi
}

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

apt_updated=no
apt_update() {
    [ "$apt_updated" = yes ] || as_root apt-get update -q >/dev/null || die "apt-get update failed; is the network up?"
    apt_updated=yes
}

apt_install() {
    local missing=()
    for package in "$@"; do is_installed "$package" || missing+=("$package"); done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    apt_update
    as_root apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null ||
        die "apt-get could not install: ${missing[*]}"
}

# Print the newest PostgreSQL for which the package lists offer PostGIS 3.
postgresql_major() {
    local installed
    installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' 'postgresql-[0-9]*-postgis-3' 2>/dev/null |
        sed -n 's/^postgresql-\([0-9]*\)-postgis-3 installed$/\1/p' | sort -n | tail -n 1)
    if [ -n "$installed" ]; then echo "$installed"; return; fi
    apt_update
    apt-cache search --names-only '^postgresql-[0-9]+-postgis-3$' |
        sed -n 's/^postgresql-\([0-9]*\)-postgis-3 .*/\1/p' | sort -n | tail -n 1
}

# Print the version of pgvector that CREATE EXTENSION would install, or nothing.
pgvector_version() {
    sed -n "s/^default_version *= *'\(.*\)'/\1/p" "/usr/share/postgresql/$1/extension/vector.control" 2>/dev/null || true
}

is_at_least() { dpkg --compare-versions "${1:-0}" ge "$2"; }

# Install pgvector from a package if one is new enough, else build it from Debian's source package.
install_pgvector() {
    local major=$1 candidate
    is_at_least "$(pgvector_version "$major")" "$PGVECTOR_MINIMUM" && return 0
    apt_update
    candidate=$(apt-cache policy "postgresql-$major-pgvector" | sed -n 's/^  Candidate: //p')
    if [ -n "$candidate" ] && [ "$candidate" != "(none)" ] && is_at_least "$candidate" "$PGVECTOR_MINIMUM"; then
        apt_install "postgresql-$major-pgvector"
    else
        build_pgvector "$major"
    fi
    is_at_least "$(pgvector_version "$major")" "$PGVECTOR_MINIMUM" ||
        die "pgvector $PGVECTOR_MINIMUM or newer is needed, found '$(pgvector_version "$major")'"
}

# Build pgvector from the source package of Debian 13 or Ubuntu 26.04, which apt fetches and verifies with separate package
# lists: those of the system are not changed.
build_pgvector() {
    local major=$1 distribution=debian suite="trixie main" site work
    if grep -q '^ID=ubuntu$' /etc/os-release; then distribution=ubuntu suite="resolute universe"; fi
    say "building pgvector from the source package of $suite"
    apt_install "postgresql-server-dev-$major" build-essential dpkg-dev
    [ $distribution = ubuntu ] || apt_install debian-archive-keyring
    site=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -v security |
        grep -E "/$distribution(-ports)?/*\$" | head -n 1) || true
    [ -n "$site" ] || die "apt has no mirror of $distribution; install pgvector $PGVECTOR_MINIMUM or newer for PostgreSQL $major by hand"
    work=$(mktemp -d)
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
    echo "deb-src [signed-by=/usr/share/keyrings/$distribution-archive-keyring.gpg] $site $suite" >"$work/sources.list"
    local own=(-o "Dir::Etc::SourceList=$work/sources.list" -o "Dir::Etc::SourceParts=-" -o "Dir::State::Lists=$work/lists"
        -o "Dir::Cache=$work/cache" -o "APT::Sandbox::User=")
    (
        cd "$work"
        apt-get "${own[@]}" update -q >/dev/null
        apt-get "${own[@]}" source -q --download-only pgvector >/dev/null
        mkdir source && tar -xf pgvector_*.orig.tar.* -C source --strip-components=1
        # Empty OPTFLAGS: with -march=native the library would run on this processor only.
        make -s -C source -j2 OPTFLAGS="" PG_CONFIG="/usr/lib/postgresql/$major/bin/pg_config" >/dev/null
    ) || die "pgvector could not be built; see the files in $work"
    as_root make -s -C "$work/source" OPTFLAGS="" PG_CONFIG="/usr/lib/postgresql/$major/bin/pg_config" install >/dev/null
    rm -rf "$work"
}

install_system_packages() {
    local major
    # Keep postgresql-common from creating a cluster: terrakin has a private one.
    if ! is_installed postgresql-common; then
        apt_install postgresql-common
        as_root sed -i 's/^#*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
    fi
    major=$(postgresql_major)
    [ -n "$major" ] || die "the package lists have no PostgreSQL with PostGIS 3; use Debian 12 or Ubuntu 22.04, or newer"
    apt_install "postgresql-$major" "postgresql-$major-postgis-3" ca-certificates
    install_pgvector "$major"
    [ "$PROFILE" != test ] || apt_install chromium-headless-shell gdal-bin
    [ "$PROFILE" != qgis ] || apt_install python3-qgis qgis-providers
}

# Prefer the distribution's Python, which is built with profile-guided optimisation: with a default build, an answer of the
# web app takes a quarter more processor time.
usable_python() {
    local python
    for python in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
        if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$python"
            return
        fi
    done
    return 1
}

# A stamp per profile contains the hash of pyproject.toml and constraints.txt; after a change packages are installed again.
install_python_packages() {
    local extras=frontend stamp wanted
    case $PROFILE in
    test) extras=frontend,test,terramind ;;
    qgis) extras=test ;;
    bench) extras=frontend,bench ;;
    esac
    stamp=.venv/.installed-$PROFILE
    wanted=$(cat pyproject.toml constraints.txt | sha256sum)
    [ -x .venv/bin/terrakin ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return 0
    usable_python >/dev/null || apt_install python3 python3-venv
    [ -x .venv/bin/python ] || "$(usable_python)" -m venv .venv || die "cannot create the virtual environment .venv"
    say "installing Python packages [$extras] into .venv"
    .venv/bin/python -m pip install -q -c constraints.txt -e ".[$extras]" || die "pip could not install terrakin[$extras]"
    printf '%s' "$wanted" >"$stamp"
}

install_system_packages
install_python_packages
say "ready"
