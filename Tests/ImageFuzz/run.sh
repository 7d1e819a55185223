#!/bin/sh
# Fuzzes opening, reading and changing of qcow2 images with libFuzzer.
#
#   Tests/ImageFuzz/run.sh [SECONDS] [WORK-DIRECTORY]      default: 600 seconds, /tmp/sluice-image-fuzz
#
# Ends with 0 when no image made it trap, hang, or take more than 64 MiB at once; tells of those that took
# more than a second, which a busy machine may cause.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
seconds=${1:-600}
work=${2:-/tmp/sluice-image-fuzz}
mkdir -p "$work/corpus" "$work/found"
cd "$work"
coverage="-sanitize=fuzzer"
. "$top/Tests/ImageFuzz/modules.sh"
tests="$top/Tests/BlockDriversTests"
# shellcheck disable=SC2086
swiftc $flags -O -wmo -module-name ImageFuzz "$top/Tests/ImageFuzz/ImageFuzz.swift" "$top/Tests/ImageFuzz/FuzzStand.swift" \
    "$tests/Crash/ProbeDisk.swift" "$tests/Crash/WriteRecorder.swift" "$tests/Bench/NodeStack.swift" \
    $objects $libraries -o image-fuzz

# Small sound images of each kind, each with data, zeroes, holes and packed clusters; and how to open.
number=0
for kind in cluster_size=512 cluster_size=4K cluster_size=512,lazy_refcounts=on \
    cluster_size=512,refcount_bits=1 cluster_size=1K,refcount_bits=64 \
    compat=0.10,cluster_size=512 cluster_size=16K,extended_l2=on cluster_size=4K,compression_type=zstd; do
    number=$((number + 1))
    qemu-img create -q -f raw plain 64K
    qemu-io -f raw -c 'write -P 17 0 12K' plain >/dev/null
    qemu-img convert -c -f raw -O qcow2 -o "$kind" plain image
    qemu-io -f qcow2 -c 'write -P 51 20K 3K' -c 'write -z 40K 8K' image >/dev/null
    for how in 000 001 002; do
        { cat image; printf "\\$how"; } >"corpus/sound-$number-$how"
    done
    # Counts of one bit count no snapshots.
    [ "${kind%refcount_bits=1}" = "$kind" ] || continue
    qemu-img snapshot -c one image
    qemu-io -f qcow2 -c 'write -P 52 20K 1K' image >/dev/null
    { cat image; printf '\000'; } >"corpus/snapshot-$number"
done
printf '"QFI\\xfb"\n"\\x80\\x00\\x00\\x00\\x00\\x00"\n"\\x40\\x00\\x00"\n"\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00"\n"\\xff\\xff\\xff\\xff"\n' >dictionary

# A trap prints where it was; the backtracer would be another process for each.
SWIFT_BACKTRACE=enable=no ./image-fuzz -max_total_time="$seconds" -timeout=60 -report_slow_units=1 -rss_limit_mb=512 \
    -malloc_limit_mb=64 -max_len=98304 -len_control=20 -dict=dictionary -artifact_prefix=found/ \
    -print_final_stats=1 corpus
