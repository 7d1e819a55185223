#!/usr/bin/env bash
# Runs all tests, from a fresh clone: formatter, build, unit tests, conformance cases, end-to-end
# programs with real clients, and a short benchmark. Ends with code 0 only if every step passed.
#
#   SLUICE_SCRATCH      build folder (default .build)
#   SLUICE_CONFORMANCE  folder with the conformance cases (default ../shared/conformance)
#   SLUICE_LONG=1       also the long runs of the end-to-end programs
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
source Tests/Scripts/debian-packages.sh

scratch="$(realpath -m "${SLUICE_SCRATCH:-.build}")"
conformance="${SLUICE_CONFORMANCE:-../shared/conformance}"
sluice="$scratch/release/sluice"
passed=0
failed=()
skipped=0

# Runs one step and counts it.
step() {
    local title="$1" begin=$SECONDS
    shift
    echo
    echo "== $title"
    if "$@"; then
        passed=$((passed + 1))
        echo "-- $title: passed in $((SECONDS - begin)) s"
    else
        failed+=("$title")
        echo "-- $title: FAILED in $((SECONDS - begin)) s"
        return 1
    fi
}

# Counts a step that cannot run here, and says why.
skip() {
    skipped=$((skipped + 1))
    echo
    echo "== $1: skipped, $2"
}

finish() {
    echo
    echo "steps: $passed passed, ${#failed[@]} failed, $skipped skipped, in $((SECONDS / 60)) min"
    # Once more at the end, where they are looked for: who failed.
    for title in "${failed[@]}"; do echo "failed: $title"; done
    grep -h -A 6 -e '^✘ Test' -e '^FAIL: ' -e '^ERROR: ' "$scratch"/*.tests.log 2>/dev/null | head -80
    [ "${#failed[@]}" -eq 0 ]
    exit
}

# The first Python that knows a module: a Python in PATH may hide Debian's own.
python_with() {
    local candidate
    for candidate in /usr/bin/python3 python3; do
        if "$candidate" -c "import $1" >/dev/null 2>&1; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}

build_release() {
    swift build -c release --scratch-path "$scratch" \
        --explicit-target-dependency-import-check error
}

unit_tests() {
    # With the backtracer a trap inside an exit test costs seconds and leaves helpers behind.
    # Rings of all tests at once are more memory than an ordinary user may lock, and a test that waits
    # its turn for a second behind fifty others is no better than one that starts later.
    # "◇" lines say that a test has begun: too many to read.
    SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=12 SWIFT_BACKTRACE=enable=no \
        swift test --scratch-path "$scratch" | grep -v "^◇" | tee "$scratch/unit.tests.log"
}

conformance_cases() {
    "$(python_with yaml)" "$conformance/run.py" --sluice "$sluice"
}

end_to_end() {
    SLUICE="$sluice" SLUICE_CONFORMANCE="$conformance" \
        "$(python_with nbd)" -m unittest discover --verbose -s Tests/EndToEnd -p 'test_*.py' \
        2>&1 | tee "$scratch/end-to-end.tests.log"
}

rm -f "$scratch"/*.tests.log
step "packages" install_missing_packages \
    libyaml-dev libinotifytools0-dev liburing-dev zlib1g-dev libzstd-dev pkg-config qemu-utils qemu-system-common \
    fio nbdkit nbd-server libnbd-bin fuse3 e2fsprogs xfsprogs python3 python3-libnbd python3-yaml \
    python3-jsonschema librsvg2-bin mandoc zsh fish || finish
step "toolchain" require_swift || finish
step "format" swift format lint --strict --recursive Sources Tests Package.swift
step "release build" build_release || finish
step "unit tests" unit_tests
if [ -f "$conformance/run.py" ]; then
    conformance="$(cd "$conformance" && pwd)"
    step "conformance" conformance_cases
else
    skip "conformance" "there is no $conformance/run.py (SLUICE_CONFORMANCE names its folder)"
fi
step "end to end" end_to_end
step "benchmark runs" "$scratch/release/sluice-benchmark" --sluice "$sluice" --short
finish
