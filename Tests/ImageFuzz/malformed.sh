#!/bin/sh
# The long form of suite J: opens, reads and changes malformed images, and measures.
#
#   Tests/ImageFuzz/malformed.sh [IMAGES] [WORK-DIRECTORY]     default: 50,000, /tmp/sluice-malformed
#
# Ends with 0 when each took at most a second and 64 MiB, and none made it trap. One that took longer is
# served again, five times in all, because a busy machine may have held it up.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
images=${1:-50000}
work=${2:-/tmp/sluice-malformed}
mkdir -p "$work"
cd "$work"
coverage=""
. "$top/Tests/ImageFuzz/modules.sh"
tests="$top/Tests/BlockDriversTests"
plugins="$(dirname "$(readlink -f "$(command -v swiftc)")")/../lib/swift/host/plugins/testing"
# shellcheck disable=SC2086
swiftc $flags -O -wmo -plugin-path "$plugins" -module-name Malformed "$top/Tests/ImageFuzz/Malformed.swift" \
    "$top/Tests/ImageFuzz/FuzzStand.swift" "$tests/Crash/ProbeDisk.swift" "$tests/Crash/WriteRecorder.swift" \
    "$tests/Bench/NodeStack.swift" "$tests/Bench/TemporaryDirectory.swift" \
    "$tests/Bench/SeededGenerator.swift" "$tests/Qcow2/BrokenImages.swift" $objects $libraries -o malformed
SWIFT_BACKTRACE=enable=no ./malformed "$images"
