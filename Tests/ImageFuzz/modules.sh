# Builds the modules below the image drivers by hand, for programs that look into them: fast code with
# coverage of the drivers or without, into the current directory. Sourced with $top and $coverage set.
cat >module.modulemap <<MAP
module CLinux { header "$top/Sources/CLinux/include/CLinux.h" export * }
MAP
flags="-parse-as-library -swift-version 6 -package-name sluice -enable-testing -I ."
for feature in ExistentialAny InternalImportsByDefault MemberImportVisibility \
    NonisolatedNonsendingByDefault; do
    flags="$flags -enable-upcoming-feature $feature"
done
flags="$flags -Xcc -fmodule-map-file=module.modulemap"
for library in CLibURing CZlib CZstd; do
    flags="$flags -Xcc -fmodule-map-file=$top/Sources/$library/module.modulemap"
done
objects=""
for source in "$top"/Sources/CLinux/*.c; do
    object=$(basename "$source" .c).o
    clang -O2 -I "$top/Sources/CLinux/include" -I "$top/Sources/CLibURing" -c "$source" \
        -o "$object"
    objects="$objects $object"
done
isStale=""
for module in GraphModel RingLoop BlockGraph BlockDrivers; do
    [ "$module" != BlockDrivers ] || flags="$flags $coverage"
    if [ ! -e "$module.o" ] || [ -n "$(find "$top/Sources/$module" -newer "$module.o" -print -quit)" ]; then
        isStale=1
    fi
    objects="$objects $module.o"
    [ -n "$isStale" ] || continue
    # shellcheck disable=SC2046,SC2086
    swiftc $flags -O -wmo -emit-module -emit-module-path "$module.swiftmodule" \
        -module-name "$module" -c $(find "$top/Sources/$module" -name '*.swift') -o "$module.o"
done
libraries="-luring -lz -lzstd"
