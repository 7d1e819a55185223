import Testing

/// The law of who may import whom; it changes in the same commit as the code and README's picture.
private let modulesThatMayBeImported: [String: Set<String>] = [
    "GraphModel": [],
    "RingLoop": ["CLinux", "Glibc", "Synchronization"],
    "BlockGraph": ["GraphModel", "RingLoop", "Synchronization"],
    "BlockDrivers": [
        "GraphModel", "RingLoop", "BlockGraph", "CLinux", "CZlib", "CZstd", "Glibc",
        "Synchronization",
    ],
    "BlockExports": ["GraphModel", "RingLoop", "BlockGraph", "CLinux", "Glibc", "Synchronization"],
    "Reconciliation": ["GraphModel", "CLibYAML"],
    "FileWatching": ["CInotifyTools", "Glibc", "Synchronization"],
    "ControlAPI": [
        "GraphModel", "NIOCore", "NIOPosix", "NIOHTTP1", "FoundationEssentials", "Glibc",
        "Synchronization",
    ],
    "SluiceDaemon": [
        "GraphModel", "Reconciliation", "FileWatching", "RingLoop", "BlockGraph", "BlockDrivers",
        "BlockExports", "ControlAPI", "Logging", "NIOCore", "NIOPosix", "NIOHTTP1",
        "FoundationEssentials", "Glibc", "Synchronization", "Dispatch",
    ],
    "sluice": [
        "GraphModel", "Reconciliation", "FileWatching", "ControlAPI", "SluiceDaemon",
        "ArgumentParser", "Glibc", "FoundationEssentials", "Logging",
    ],
]

/// Outside packages and the only folders that may see them.
private let foldersThatMayImport: [(module: String, importer: String, folders: Set<String>)] = [
    ("CLibYAML", "Reconciliation", ["Document"]),
    ("CZlib", "BlockDrivers", ["Qcow2"]),
    ("CZstd", "BlockDrivers", ["Qcow2"]),
    ("NIOCore", "SluiceDaemon", ["Control"]),
    ("NIOPosix", "SluiceDaemon", ["Control"]),
    ("NIOHTTP1", "SluiceDaemon", ["Control"]),
]

@Suite("The module graph")
struct ModuleGraphTests {
    @Test("a file imports only what its module may", arguments: SourceTree.sources)
    func imports(file: SourceTree.File) throws {
        let allowed = try #require(
            modulesThatMayBeImported[file.module],
            "\(file.path): module without a rule"
        )
        for name in file.imports {
            #expect(allowed.contains(name), "\(file.path) imports \(name)")
        }
    }

    @Test("an outside library is seen by its folder only")
    func libraries() {
        for rule in foldersThatMayImport {
            for file in SourceTree.sources
            where file.module == rule.importer && file.imports.contains(rule.module) {
                #expect(rule.folders.contains(file.folder), "\(file.path) imports \(rule.module)")
            }
        }
    }

    @Test("a driver's folder names no type of another driver's folder")
    func driversAreStrangers() {
        // A driver's folder holds its kind; the others hold what drivers share.
        let folders = Set(
            SourceTree.sources.filter {
                $0.module == "BlockDrivers" && $0.path.hasSuffix("DriverKind.swift")
            }.map(\.folder)
        )
        let drivers = SourceTree.sources.filter {
            $0.module == "BlockDrivers" && folders.contains($0.folder)
        }
        let typeNames = Dictionary(grouping: drivers, by: \.folder).mapValues { files in
            Set(files.flatMap(declaredTypes))
        }
        for file in drivers {
            let words = Set(
                file.lines.filter { !$0.trimmed.hasPrefix("//") }.flatMap {
                    $0.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
                }
            )
            for (folder, names) in typeNames where folder != file.folder {
                #expect(words.isDisjoint(with: names), "\(file.path) names a type of \(folder)")
            }
        }
    }

    @Test("only Daemon.swift starts a task that nobody waits for")
    func tasks() {
        for file in SourceTree.sources where !file.path.hasSuffix("SluiceDaemon/Daemon.swift") {
            for (index, line) in file.lines.enumerated() where !line.trimmed.hasPrefix("//") {
                #expect(
                    !line.contains(" Task {") && !line.contains("Task.detached"),
                    "\(file.path):\(index + 1)"
                )
            }
        }
    }

    private func declaredTypes(in file: SourceTree.File) -> [String] {
        file.lines.compactMap { line in
            guard !line.hasPrefix(" "), !line.hasPrefix("//"), !line.contains("private ") else {
                return nil
            }
            let words = line.split(separator: " ").map(String.init)
            guard
                let place = words.firstIndex(where: {
                    ["struct", "class", "enum", "actor", "protocol"].contains($0)
                }), words.count > place + 1
            else { return nil }
            return String(words[place + 1].prefix { $0.isLetter || $0.isNumber })
        }
    }
}

extension String {
    /// Without spaces at its start.
    var trimmed: Substring { drop { $0 == " " } }
}
