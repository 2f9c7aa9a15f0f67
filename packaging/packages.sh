# packages.sh -- sourced by quickstart, tests/run and .ci/run: installs Debian packages that are missing.
#
#   install_packages PURPOSE...     purposes of packaging/debian-packages
#   install_node                    what builds the front ends
#
# Nothing that is there is touched, nothing is removed, and no service is started by the installation. With
# nothing missing it takes milliseconds and needs no rights.

packages_of() {
    local purpose
    for purpose in "$@"; do
        sed -n "s/^$purpose //p" "$SOURCE/packaging/debian-packages"
    done
}

missing_packages() {
    local package
    for package in $(packages_of "$@"); do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || echo "$package"
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "To install packages, run this as root or install sudo." >&2
        return 1
    fi
}

# Packages such as postgresql-15 would start a service of their own; one that we put in its way is taken away again.
hold_services() {
    [ -e /usr/sbin/policy-rc.d ] && return
    printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null &&
        as_root chmod 755 /usr/sbin/policy-rc.d && HELD_SERVICES=1
}

release_services() {
    if [ -n "${HELD_SERVICES:-}" ]; then
        as_root rm -f /usr/sbin/policy-rc.d
        HELD_SERVICES=
    fi
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends --no-remove \
        -o DPkg::Lock::Timeout=900 -o Acquire::Retries=5 "$@"
}

install_packages() {
    local missing try log done_with=
    missing=$(missing_packages "$@")
    [ -z "$missing" ] && return 0
    if ! command -v apt-get >/dev/null; then
        echo "This is no Debian; install what corresponds to:" $missing >&2
        return 1
    fi
    echo "Installing:" $missing
    log=$(mktemp)
    trap release_services EXIT
    hold_services
    # Debian's postgresql package would also create a cluster of its own.
    as_root mkdir -p /etc/postgresql-common/createcluster.d
    echo "create_main_cluster = false" | as_root tee /etc/postgresql-common/createcluster.d/chappe.conf >/dev/null
    for try in 1 2 3 4 5; do
        [ -n "${HAVE_LISTS:-}" ] ||
            as_root apt-get update -o Acquire::Retries=3 -o DPkg::Lock::Timeout=900 >>"$log" 2>&1
        HAVE_LISTS=
        if apt_install $missing >>"$log" 2>&1; then
            done_with=1
            HAVE_LISTS=1 # whoever asks for more packages now needs no newer ones
            break
        fi
        sleep $((try * 3))
    done
    release_services
    missing=$(missing_packages "$@")
    if [ -n "$missing" ]; then
        for package in $missing; do
            echo "$package cannot be installed: $(apt_install --dry-run "$package" 2>&1 | grep -E '^E:|Depends|Unable' |
                head -2 | tr '\n' ' ')" >&2
        done
        echo "The whole output of apt is in $log." >&2
        return 1
    fi
    rm -f "$log"
    [ -n "$done_with" ]
}

# Node and npm for the front ends: Debian's, unless something as new is there already under that name.
has_node() {
    local major
    major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\).*/\1/p')
    [ "${major:-0}" -ge 18 ] && command -v npm >/dev/null
}

install_node() {
    has_node || install_packages front-end
}

# The unprivileged user that the server runs as when root starts it.
make_server_user() {
    [ "$(id -u)" = 0 ] || return 0
    getent passwd "$1" >/dev/null ||
        useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$1"
}
