#!/usr/bin/env bash
# From a fresh clone to a served disk that is changed while it is used, in one command.
# Works in a temporary directory, ends by itself and leaves nothing behind but the build folder.
#
#   SLUICE_SCRATCH   build folder (default .build)
set -euo pipefail
cd "$(dirname "$0")/.."
source Tests/Scripts/debian-packages.sh

scratch="$(realpath -m "${SLUICE_SCRATCH:-.build}")"
sluice="$scratch/release/sluice"
here=""
daemon=""
load=""

clean() {
    [ -n "$load" ] && kill "$load" 2>/dev/null
    [ -n "$daemon" ] && kill "$daemon" 2>/dev/null && wait "$daemon" 2>/dev/null
    [ -n "$here" ] && rm -rf "$here"
    return 0
}
trap clean EXIT
trap 'exit 130' INT TERM

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
if [ ! -t 1 ] || [ -n "${NO_COLOR:-}" ]; then say() { printf '\n== %s\n' "$*"; }; fi

# Prints a command, runs it, and shows its code when it is not 0, which here is part of the story.
show() {
    printf '$ %s\n' "$*" | sed "s|$sluice|sluice|; s|$here/||g"
    "$@" || printf '(exit code %d)\n' $?
}

# Replaces a file by rename, as careful editors do.
save() {
    cat > "$here/.new"
    mv "$here/.new" "$here/disk.yaml"
}

# Waits until a command succeeds.
await() {
    local tries
    for tries in $(seq 100); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    echo "still waiting after 10 s for: $*" >&2
    sed 's/^/    /' "$here/serve.log" >&2
    exit 1
}

live_has() { "$sluice" show -o json | grep -q "$1"; }
live_has_not() { ! live_has "$1"; }
status_has() { "$sluice" status -o json | grep -q "$1"; }

say "Packages and build (the first build takes some minutes)"
install_missing_packages libyaml-dev libinotifytools0-dev liburing-dev zlib1g-dev libzstd-dev pkg-config qemu-utils fio libnbd-bin
require_swift
swift build -c release --scratch-path "$scratch" --product sluice

here="$(mktemp -d)"
cp examples/one-disk.yaml "$here/disk.yaml"
export SLUICE_CONTROL="$here/control.sock"
uri="nbd+unix:///disk?socket=$here/disk.sock"

say "1. A file describes a disk and an export"
grep -v '^ *#' "$here/disk.yaml"
show "$sluice" validate "$here/disk.yaml"
show "$sluice" plan "$here/disk.yaml" --live empty

say "2. The daemon serves it"
"$sluice" serve "$here/disk.yaml" --state-dir "$here/state" > "$here/serve.log" 2>&1 &
daemon=$!
await nbdinfo "$uri"
show nbdinfo "$uri"
show qemu-io -f raw -c "write -P 0x42 0 1M" -c "flush" -c "read -P 0x42 0 1M" "$uri"

say "3. A client is busy and verifies every byte (fio, 16 requests in flight)"
fio --name=busy --ioengine=nbd --uri="$uri" --rw=randwrite --bs=4k --iodepth=16 --offset=1m --size=32m \
    --verify=crc32c --verify_backlog=256 --time_based --runtime=10 \
    --output-format=terse --terse-version=3 --output="$here/fio.out" > "$here/fio.log" 2>&1 &
load=$!
sleep 1

say "4. A throttle is wished between the disk and its export: first the plan"
with_throttle() {
    sed -e 's/node: disk,/node: limited,/' examples/one-disk.yaml
    printf '\nthrottle-groups:\n  gold: {iops-total: 5000}\n'
}
with_throttle | sed 's/^nodes:$/nodes:\n  limited: {driver: throttle, throttle-group: gold, file: disk}/' \
    > "$here/wished"
cp "$here/wished" "$here/wished.yaml"
show "$sluice" plan "$here/wished.yaml"

say "5. The file is saved; the daemon sees it and makes it live under the busy client"
save < "$here/wished"
await live_has '"limited'
show "$sluice" status

say "6. A slip of the pen: the finger points at it, and what is live stays live"
sed 's/throttle-group: gold/throttle-gruop: gold/' "$here/wished" | save
show "$sluice" validate "$here/disk.yaml"
await status_has 'throttle-gruop'
show "$sluice" status

say "7. A second writer that lets nobody else write: refused, both sides named"
sed 's/^exports:$/exports:\n  backup: {type: nbd, node: disk, writable: true, share: [consistent-read]}/' \
    "$here/wished" | save
await status_has 'backup'
show "$sluice" plan "$here/disk.yaml"

say "8. The limit is taken out again"
save < examples/one-disk.yaml
await live_has_not '"limited'
show "$sluice" status

say "9. The client noticed nothing"
if wait "$load"; then
    load=""
    # Field 5 of fio's terse output is the error number; 49 the writes' IOPS.
    awk -F';' '{ printf "fio: error %s, %s writes a second\n", $5, $49 }' "$here/fio.out"
else
    load=""
    cat "$here/fio.log" "$here/fio.out"
    exit 1
fi
show qemu-io -f raw -c "read -P 0x42 0 1M" "$uri"

say "10. The daemon ends"
kill -TERM "$daemon"
wait "$daemon"
daemon=""
echo "Done. examples/ has more to serve; README.md has the language."
