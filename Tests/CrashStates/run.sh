#!/bin/sh
# The long form of suite F: looks at crash states of images, in fast code.
#
#   Tests/CrashStates/run.sh [STATES] [WORK-DIRECTORY] [FIRST-SEED]
#
# Default: 500,000 states, /tmp/sluice-crash-states, 0.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
states=${1:-500000}
work=${2:-/tmp/sluice-crash-states}
first=${3:-0}
mkdir -p "$work"
cd "$work"
coverage=""
. "$top/Tests/ImageFuzz/modules.sh"
tests="$top/Tests/BlockDriversTests"
plugins="$(dirname "$(readlink -f "$(command -v swiftc)")")/../lib/swift/host/plugins/testing"
# shellcheck disable=SC2086
swiftc $flags -O -wmo -plugin-path "$plugins" -module-name CrashStates \
    "$top/Tests/CrashStates/CrashStates.swift" "$tests"/Crash/Crash*.swift "$tests"/Crash/ImageJudge.swift \
    "$tests"/Crash/ProbeDisk.swift "$tests"/Crash/SyncStand.swift "$tests"/Crash/WriteRecorder.swift "$tests"/Bench/NodeStack.swift \
    "$tests"/Bench/TemporaryDirectory.swift "$tests"/Bench/SeededGenerator.swift \
    "$tests"/Qcow2/BrokenImages.swift $objects $libraries -o crash-states
SWIFT_BACKTRACE=enable=no ./crash-states "$states" "$first"
