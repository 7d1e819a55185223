import Glibc
import GraphModel
import Testing

@testable import SluiceDaemon

@Suite("Generations of large graphs")
struct GenerationFilesTests {
    private let directory: String

    init() throws {
        var template = Array("/tmp/sluice-generations-XXXXXX".utf8CString)
        directory = String(cString: try #require(mkdtemp(&template)))
    }

    private var path: String { directory + "/state" }

    private var names: [String] {
        get throws {
            try StateDirectory(path: path).names(in: "generations").filter { $0.first != "." }
        }
    }

    private static let thousand = graph(1_000)

    private static func graph(_ nodeCount: Int) -> GraphDescription {
        var graph = GraphDescription()
        for number in 0..<nodeCount {
            graph.nodes["n\(number)"] = NodeDescription(name: "n\(number)", driver: "null-co")
        }
        return graph
    }

    /// A graph of a thousand nodes, of which each generation changes, adds and removes one.
    private func record(_ generation: UInt64, nodeCount: Int = 1_000) -> GenerationRecord {
        var graph = nodeCount == 1_000 ? Self.thousand : Self.graph(nodeCount)
        graph.nodes["n\(generation)"] = nil
        graph.nodes["n0"]?.options["size"] = .integer(Int64(generation))
        graph.listeners["l\(generation)"] = ListenerDescription(
            name: "l\(generation)",
            options: Options([])
        )
        return GenerationRecord(
            generation: generation,
            digest: graph.digest,
            unixSeconds: 1,
            origin: .files,
            actor: nil,
            source: "s",
            baseDirectory: "/",
            commit: nil,
            description: graph,
            plan: .null,
            receipt: ["generation": .integer(Int64(generation))]
        )
    }

    private func commit(_ record: GenerationRecord, in store: inout StateStore) throws {
        try store.prepare(record)
        try store.intend(record)
        try store.seal(record)
        try store.keep(record)
    }

    @Test("what differs is written, and all that is kept can be read, also after a restart")
    func restart() throws {
        defer { system("rm -rf '\(directory)'") }
        do {
            var store = try StateStore(path: path)
            for generation in 1...3 as ClosedRange<UInt64> {
                try commit(record(generation), in: &store)
            }
        }
        #expect(
            try names.sorted() == [
                "00000001.json", "00000002-00000001.json", "00000003-00000001.json",
            ]
        )
        var store = try StateStore(path: path)
        #expect(store.committed == record(3))
        for generation in 1...3 as ClosedRange<UInt64> {
            #expect(try store.generation(generation) == record(generation))
        }
        // Another graph altogether is written whole.
        try commit(record(4, nodeCount: 5_000), in: &store)
        #expect(try store.generation(4) == record(4, nodeCount: 5_000))
        #expect(try store.generation(2) == record(2))
        try commit(record(5, nodeCount: 5_000), in: &store)
        #expect(store.generations(countMax: 9).map(\.generation) == [5, 4, 3, 2, 1])
    }

    @Test("a commit without its file is completed from what was tried")
    func crash() throws {
        defer { system("rm -rf '\(directory)'") }
        do {
            var store = try StateStore(path: path)
            try commit(record(1), in: &store)
            try store.prepare(record(2))
            try store.intend(record(2))
            try store.seal(record(2))
        }
        do { try #expect(StateStore(path: path).committed == record(2)) }
        #expect(try names.contains("00000002-00000001.json"))
    }

    @Test("what others stand on stays, and no more than that")
    func old() throws {
        defer { system("rm -rf '\(directory)'") }
        var store = try StateStore(path: path)
        for generation in 1...240 as ClosedRange<UInt64> {
            try commit(record(generation), in: &store)
        }
        let kept = try store.directory.names(in: "generations")
            .compactMap { UInt64($0.prefix(8)) }
        #expect(kept.filter { $0 > 40 }.count == 200)
        #expect(kept.filter { $0 <= 40 }.count <= 1)
        for generation in stride(from: 41, through: 240, by: 23) as StrideThrough<UInt64> {
            #expect(try store.generation(generation) == record(generation))
        }
        #expect(store.generations(countMax: 1_000).count == 200)
    }

    @Test("when a file is damaged, what stands on it is, too, and older ones are used")
    func damage() throws {
        defer { system("rm -rf '\(directory)'") }
        do {
            var store = try StateStore(path: path)
            for generation in 1...40 as ClosedRange<UInt64> {
                try commit(record(generation), in: &store)
            }
        }
        let whole = try #require(names.filter { !$0.contains("-") }.max())
        truncate(path + "/generations/" + whole, 100)
        let store = try StateStore(path: path)
        let last = try #require(store.committed)
        #expect(last == record(last.generation))
        #expect(whole.hasSuffix("\(last.generation + 1).json"))
        #expect(store.findings.count == 1)
    }
}
