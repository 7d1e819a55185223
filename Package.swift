// swift-tools-version: 6.2
import PackageDescription

/// Settings of every target of ours: the whole of Swift 6, every warning an error.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// Settings of the modules that hold values and rules only: no pointer can enter them.
let pure: [SwiftSetting] = strict + [.strictMemorySafety()]

/// Settings of the modules that a request passes through.
///
/// Exclusivity is checked at run time in debug builds, with which all tests run, and not in release
/// builds: there are about fifteen such checks in the way of a request of 4 KiB. To keep the same
/// state behind pointers would avoid them too, but then no build would check it.
let dataPath: [SwiftSetting] =
    strict + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

/// Settings of the program that people install: it runs where no Swift is, and starts in two thirds
/// of the time, because the loader has no library of Swift's to look for names in.
let standsAlone: [LinkerSetting] = [
    .unsafeFlags(
        ["-static-stdlib", "-l_FoundationCShims", "-l_FoundationCollections"],
        .when(configuration: .release)
    )
]

let package = Package(
    name: "sluice",
    products: [.executable(name: "sluice", targets: ["sluice"])],
    dependencies: [
        // The command line: parsing, help texts and completions that we would otherwise write ourselves.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // The control plane's log: the field's common interface, so that a host can choose its backend.
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        // HTTP/1 on the control socket: limits, back-pressure and keep-alive, well kept.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        // The binary: commands only.
        .executableTarget(
            name: "sluice",
            dependencies: [
                "GraphModel", "Reconciliation", "FileWatching", "ControlAPI", "SluiceDaemon",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict,
            linkerSettings: standsAlone
        ),
        // What the command line and the daemon say to each other.
        .target(
            name: "ControlAPI",
            dependencies: [
                "GraphModel",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        // Assembly: the only place where all parts meet.
        .target(
            name: "SluiceDaemon",
            dependencies: [
                "GraphModel", "Reconciliation", "FileWatching", "RingLoop", "BlockGraph",
                "BlockDrivers", "BlockExports", "ControlAPI",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        // Text to plan, as pure functions.
        .target(
            name: "Reconciliation",
            dependencies: ["GraphModel", "CLibYAML"],
            swiftSettings: pure
        ),
        // Says "look again" when a source may have changed.
        .target(name: "FileWatching", dependencies: ["CInotifyTools"], swiftSettings: strict),
        // One folder for each driver.
        .target(
            name: "BlockDrivers",
            dependencies: ["GraphModel", "RingLoop", "BlockGraph", "CLinux", "CZlib", "CZstd"],
            swiftSettings: dataPath
        ),
        // One folder for each export type.
        .target(
            name: "BlockExports",
            dependencies: ["GraphModel", "RingLoop", "BlockGraph", "CLinux"],
            swiftSettings: dataPath
        ),
        // The live graph, its requests and its transactions.
        .target(
            name: "BlockGraph",
            dependencies: ["GraphModel", "RingLoop"],
            swiftSettings: dataPath
        ),
        // The vocabulary: a graph as a value, and the rules that need no kernel.
        .target(name: "GraphModel", swiftSettings: pure),
        // The loop: the only caller of io_uring; knows no blocks.
        .target(name: "RingLoop", dependencies: ["CLinux"], swiftSettings: dataPath),
        // What Swift cannot import: inline functions of liburing, lock and range ioctl numbers.
        .target(name: "CLinux", dependencies: ["CLibURing"]),
        // io_uring's library (Debian: liburing-dev).
        .systemLibrary(
            name: "CLibURing",
            pkgConfig: "liburing",
            providers: [.apt(["liburing-dev"])]
        ),
        // The event parser whose marks give every value its line and column (Debian: libyaml-dev).
        .systemLibrary(
            name: "CLibYAML",
            pkgConfig: "yaml-0.1",
            providers: [.apt(["libyaml-dev"])]
        ),
        // Compressed clusters of qcow2 images (Debian: zlib1g-dev, libzstd-dev).
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
        // Recursive directory watches (Debian: libinotifytools0-dev).
        .systemLibrary(name: "CInotifyTools", providers: [.apt(["libinotifytools0-dev"])]),
        // Measures sluice and its peers in one run.
        .executableTarget(
            name: "sluice-benchmark",
            dependencies: [.product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Tests/Benchmarks",
            swiftSettings: strict
        ),
        // Measures reading and planning beside a bare loop over libyaml's events.
        .executableTarget(
            name: "sluice-text-benchmark",
            dependencies: ["Reconciliation", "GraphModel", "CLibYAML"],
            path: "Tests/TextBenchmarks",
            swiftSettings: strict
        ),
        .testTarget(
            name: "FileWatchingTests",
            dependencies: ["FileWatching"],
            path: "Tests/FileWatchingTests",
            swiftSettings: strict
        ),
        // What tests share: seeded numbers, and a kernel, clock and disk that are simulated.
        .target(
            name: "Simulation",
            dependencies: ["BlockGraph", "GraphModel", "RingLoop"],
            path: "Tests/Simulation",
            swiftSettings: strict
        ),
        .testTarget(
            name: "TransactionTests",
            dependencies: [
                "BlockDrivers", "BlockExports", "BlockGraph", "GraphModel", "Reconciliation",
                "RingLoop", "Simulation",
            ],
            path: "Tests/TransactionTests",
            swiftSettings: strict
        ),
        .testTarget(
            name: "BlockGraphTests",
            dependencies: ["BlockGraph", "GraphModel", "RingLoop"],
            path: "Tests/BlockGraphTests",
            swiftSettings: strict
        ),
        .testTarget(
            name: "ArchitectureTests",
            path: "Tests/ArchitectureTests",
            swiftSettings: strict
        ),
        .testTarget(
            name: "GraphModelTests",
            dependencies: ["GraphModel"],
            path: "Tests/GraphModelTests",
            swiftSettings: strict
        ),
        .testTarget(
            name: "ReconciliationTests",
            dependencies: ["Reconciliation", "GraphModel"],
            path: "Tests/ReconciliationTests",
            swiftSettings: strict
        ),
        .testTarget(
            name: "RingLoopTests",
            dependencies: ["RingLoop"],
            path: "Tests/RingLoopTests",
            swiftSettings: strict
        ),
        .testTarget(
            name: "BlockDriversTests",
            dependencies: ["BlockDrivers", "BlockGraph", "GraphModel", "RingLoop"],
            path: "Tests/BlockDriversTests",
            swiftSettings: strict
        ),
        .testTarget(
            name: "BenchmarksTests",
            dependencies: ["sluice-benchmark"],
            path: "Tests/BenchmarksTests",
            swiftSettings: strict
        ),
        .testTarget(
            name: "BlockExportsTests",
            dependencies: ["BlockExports", "BlockGraph", "GraphModel", "RingLoop", "Simulation"],
            path: "Tests/BlockExportsTests",
            swiftSettings: strict
        ),
        .testTarget(
            name: "ControlAPITests",
            dependencies: ["ControlAPI", "GraphModel"],
            path: "Tests/ControlAPITests",
            swiftSettings: strict
        ),
        .testTarget(
            name: "SluiceDaemonTests",
            dependencies: [
                "SluiceDaemon", "ControlAPI", "FileWatching", "BlockGraph", "GraphModel",
                "RingLoop",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/SluiceDaemonTests",
            swiftSettings: strict
        ),
    ]
)
