import ControlAPI
import FileWatching
import Glibc
import GraphModel
import Logging
import RingLoop
import Testing

@testable import SluiceDaemon

/// A reconciler over a fake graph and real files, with a clock that only the test moves.
final class Workbench {
    let graph = FakeGraph()
    let directory: String
    let clock = TestClock()
    private(set) var reconciler: Reconciler

    init() throws {
        var template = Array("/tmp/sluice-daemon-XXXXXX".utf8CString)
        directory = String(cString: try #require(mkdtemp(&template)))
        mkdir(directory + "/graph.d", 0o755)
        reconciler = try Self.reconciler(directory, graph, clock)
    }

    deinit { system("rm -rf '\(directory)'") }

    /// The daemon after a restart: the same files and state, an empty graph.
    func restarted() throws -> Restarted {
        try Restarted(directory, clock)
    }

    /// Frees the state directory, as the end of a process does.
    func stop() throws {
        let idle = directory + "/idle"
        mkdir(idle, 0o755)
        reconciler = try Self.reconciler(directory, graph, clock, state: idle)
    }

    /// Writes a document as careful editors do: whole, by rename.
    func write(_ text: String, to name: String = "a.yaml") {
        write(raw: text, to: "new")
        rename(directory + "/new", directory + "/graph.d/" + name)
    }

    func write(raw text: String, to path: String) {
        writeFile(directory + "/" + path, text)
    }

    func remove(_ name: String) { unlink(directory + "/graph.d/" + name) }

    static func reconciler(
        _ directory: String,
        _ graph: FakeGraph,
        _ clock: TestClock,
        state: String? = nil
    ) throws -> Reconciler {
        Reconciler(
            reader: SourceReader(paths: [directory + "/graph.d"]),
            store: try StateStore(path: state ?? directory + "/state"),
            graph: graph,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clock: clock.clock
        )
    }

    /// A document with null nodes, each served by an export of its name.
    static func document(_ names: [String], size: String = "1MiB") -> String {
        var text = "sluice: 1\nlisteners:\n  l: {type: nbd, address: \"unix:/tmp/test.sock\"}\n"
        text += "nodes:\n"
        for name in names { text += "  \(name): {driver: null-co, size: \(size)}\n" }
        text += "exports:\n"
        for name in names { text += "  \(name): {type: nbd, node: \(name)}\n" }
        return text
    }

    /// A reconciler after a restart, with a graph of its own.
    struct Restarted {
        let graph = FakeGraph()
        let reconciler: Reconciler

        init(_ directory: String, _ clock: TestClock) throws {
            reconciler = try Workbench.reconciler(directory, graph, clock)
        }
    }
}

/// A clock that only the test moves.
final class TestClock: Sendable {
    private let now = Locked<UInt64>(1_000_000_000_000)

    var clock: DaemonClock {
        DaemonClock(
            unixSeconds: { Int64(self.now.withLock { $0 } / 1_000_000_000) },
            monotonicNanoseconds: { self.now.withLock { $0 } },
            bootNanoseconds: { self.now.withLock { $0 } },
            bootIdentifier: "test"
        )
    }

    func advance(seconds: Double) { now.withLock { $0 += UInt64(seconds * 1e9) } }
}
