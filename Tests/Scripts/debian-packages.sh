# Sourced by the scripts that must work from a fresh clone on Debian 12.

# Installs those of the named packages that are missing; needs root or sudo only if any is.
install_missing_packages() {
    if ! command -v dpkg-query >/dev/null 2>&1; then
        echo "This is not Debian: please see to it that the equivalents of these are here: $*"
        return 0
    fi
    local missing=() package
    for package in "$@"; do
        if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
            missing+=("$package")
        fi
    done
    [ "${#missing[@]}" -eq 0 ] && return 0
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            echo "Missing packages: ${missing[*]}. Install them as root, or install sudo." >&2
            return 1
        fi
        as_root=(sudo)
    fi
    echo "Installing ${missing[*]}"
    "${as_root[@]}" apt-get update -qq &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# Says what to do when there is no Swift toolchain.
require_swift() {
    if ! command -v swift >/dev/null 2>&1; then
        echo "There is no swift in PATH. Install a Swift 6.3 toolchain: https://www.swift.org/install" >&2
        return 1
    fi
}
