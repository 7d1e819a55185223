#!/bin/sh
# Fuzzes the way from text to plan with libFuzzer: builds the two pure modules with coverage, fills a
# corpus with the examples and the conformance cases that are there, and runs.
#
#   Tests/TextFuzz/run.sh [SECONDS] [WORK-DIRECTORY]      default: 600 seconds, /tmp/sluice-text-fuzz
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
seconds=${1:-600}
work=${2:-/tmp/sluice-text-fuzz}
mkdir -p "$work/corpus" "$work/found"
cd "$work"

flags="-O -wmo -parse-as-library -sanitize=fuzzer -swift-version 6 -package-name sluice -I ."
flags="$flags -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault"
flags="$flags -enable-upcoming-feature MemberImportVisibility"
flags="$flags -Xcc -fmodule-map-file=$top/Sources/CLibYAML/module.modulemap"
for module in GraphModel Reconciliation; do
    # shellcheck disable=SC2046,SC2086
    swiftc $flags -emit-module -emit-module-path "$module.swiftmodule" -module-name "$module" \
        -c $(find "$top/Sources/$module" -name '*.swift') -o "$module.o"
done
# shellcheck disable=SC2086
swiftc $flags -module-name TextFuzz "$top/Tests/TextFuzz/TextFuzz.swift" GraphModel.o Reconciliation.o \
    -lyaml -o text-fuzz

cp "$top"/examples/*.yaml corpus/
for word in sluice: nodes: exports: listeners: throttle-groups: iothreads: driver: file: backing: \
    qcow2 'null-co' raw throttle quorum blkdebug '<<: *a' '&a ' '*a' '\x0a  ' '- ' '{' '[' '!!str ' \
    formerly: 'read-only: true' 'writable: true' 'node: ' '\xfe'; do
    printf '"%s"\n' "$word"
done >dictionary

# A trap prints where it was; the backtracer would be another process for each.
SWIFT_BACKTRACE=enable=no ./text-fuzz -max_total_time="$seconds" -timeout=2 -rss_limit_mb=512 \
    -malloc_limit_mb=64 -max_len=8192 -dict=dictionary -artifact_prefix=found/ \
    -print_final_stats=1 corpus
