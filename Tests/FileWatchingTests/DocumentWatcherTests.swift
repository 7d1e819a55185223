import Testing

@testable import FileWatching

/// Each test waits for a signal that must come; one that does not come is a test that never ends,
/// which the time limit turns into a failure.
@Suite("Document watcher", .timeLimit(.minutes(5)), .serialized)
struct DocumentWatcherTests {
    /// Short, so that the tests are quick; nothing is checked about how long anything takes.
    private static let times = {
        var times = Debounce.Times()
        times.quietNanoseconds = 20_000_000
        return times
    }()

    @Test("a file that is renamed over another is seen")
    func renameOver() async throws {
        let root = try TemporaryDirectory()
        root.write("vm.yaml", "sluice: 1\n")
        let watch = try await Watch(root.path)
        root.write(".vm.yaml.new", "sluice: 1\nnodes: {}\n")
        root.move(".vm.yaml.new", to: "vm.yaml")
        #expect(await watch.next())
    }

    @Test("a file that is written in place is seen when its writer closes it")
    func inPlace() async throws {
        let root = try TemporaryDirectory()
        root.write("vm.yaml", "sluice: 1\n")
        let watch = try await Watch(root.path)
        root.write("vm.yaml", "sluice: 1\nnodes: {}\n")
        #expect(await watch.next())
    }

    @Test("a new subdirectory is watched, also after it was removed and made again")
    func subdirectory() async throws {
        let root = try TemporaryDirectory()
        let watch = try await Watch(root.path)
        for _ in 0..<3 {
            root.makeDirectory("vms")
            #expect(await watch.next())
            root.write("vms/a.yaml", "sluice: 1\n")
            #expect(await watch.next())
            root.remove(name: "vms")
            #expect(await watch.next())
        }
    }

    @Test("a swap of the link to the directory is seen, and edits behind the new link")
    func swap() async throws {
        let root = try TemporaryDirectory()
        for name in ["a", "b"] { root.makeDirectory(name) }
        root.link("graph.d", to: "a")
        let watch = try await Watch(root.path + "/graph.d")
        for release in ["b", "a", "b"] {
            root.link("graph.d.new", to: release)
            root.move("graph.d.new", to: "graph.d")
            #expect(await watch.next())
            root.write("\(release)/vm.yaml", "sluice: 1\n")
            #expect(await watch.next())
        }
    }

    @Test("a directory that is renamed away is replaced by the one put in its place")
    func replaced() async throws {
        let root = try TemporaryDirectory()
        root.makeDirectory("graph.d")
        let watch = try await Watch(root.path + "/graph.d")
        root.makeDirectory("other")
        root.move("graph.d", to: "old")
        root.move("other", to: "graph.d")
        #expect(await watch.next())
        root.write("graph.d/vm.yaml", "sluice: 1\n")
        #expect(await watch.next())
    }

    /// A watcher that is known to be at work: its first signal, which says so, was taken.
    private final class Watch {
        private let watcher: DocumentWatcher
        private let signals: AsyncStream<WatchSignal>

        init(_ path: String) async throws {
            watcher = try DocumentWatcher(sources: [path], times: DocumentWatcherTests.times)
            signals = watcher.signals
            #expect(await next())
        }

        func next() async -> Bool {
            for await _ in signals { return true }
            return false
        }

        deinit { watcher.stop() }
    }
}
