import GraphModel
import Testing

@Suite("Digests")
struct DigestTests {
    @Test(
        "SHA-256 gives the numbers of its standard",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                String(repeating: "a", count: 1_000_000),
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
            ),
        ]
    )
    func standard(text: String, digest: String) {
        #expect(Digest.text(of: Array(text.utf8)) == "sha256:" + digest)
    }

    @Test("bytes added in parts give the digest of the whole")
    func parts() {
        let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
        for cut in [0, 1, 55, 56, 63, 64, 65, 119, 128, 299] {
            var digest = Digest()
            digest.add(Array(bytes[..<cut]))
            digest.add(Array(bytes[cut...]))
            #expect(digest.finish() == Digest.text(of: bytes))
        }
    }

    @Test("a graph's digest tells every object, and nothing of what a rename says")
    func graphs() {
        var graph = GraphBuilder()
        graph.node(
            "a\u{E9}",
            "file",
            options: [
                ("filename", .text("/srv/\"a\"\\\n\u{1}")), ("size", .integer(-5)),
                ("cache", .mapping(Options([("direct", .flag(true))]))),
            ]
        )
        graph.node("b", "raw", ["file": "a\u{E9}"], options: [("p", .fraction(0.5))])
        graph.node("c", "quorum", ["children.0": "a\u{E9}", "children.1": "b"])
        graph.export("e", of: "b", options: [("share", .list([.text("write")]))])
        let plain = graph.description
        var renamed = plain
        renamed.nodes["b"]?.formerly = "bb"
        renamed.nodes["b"]?.emptySlots = ["backing"]
        #expect(renamed.digest == plain.digest)
        var digests: Set<String> = [plain.digest, GraphDescription().digest]
        let edits: [(inout GraphDescription) -> Void] = [
            { $0.nodes["b"]?.options["p"] = .fraction(0.25) },
            { $0.nodes["b"]?.driver = "throttle" },
            { $0.nodes["c"]?.children.swapAt(0, 1) },
            { $0.nodes["c"] = nil },
            { $0.nodes["d"] = NodeDescription(name: "d", driver: "null-co") },
            { $0.exports["e"]?.node = "c" },
            { $0.exports["e"]?.options["writable"] = .flag(true) },
            { $0.listeners["e"] = ListenerDescription(name: "e", options: Options([])) },
            { $0.ioThreads["e"] = IOThreadDescription(name: "e", options: Options([])) },
            {
                $0.throttleGroups["e"] = ThrottleGroupDescription(name: "e", limits: Options([]))
            },
        ]
        for (number, edit) in edits.enumerated() {
            var other = plain
            edit(&other)
            #expect(digests.insert(other.digest).inserted, "edit \(number)")
        }
    }

    @Test("worked out from another graph's digest it is the same", arguments: [1, 2])
    func afterAnother(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var last = GraphDigest(of: GraphDescription())
        for round in 0..<300 {
            var graph = RandomGraph.make(&random)
            if !round.isMultiple(of: 3) {
                // A little of the last one stays.
                graph.nodes.merge(last.graph.nodes) { random.next() % 4 == 0 ? $0 : $1 }
                graph.exports = last.graph.exports
            }
            last = GraphDigest(of: graph, after: last)
            #expect(last.text == graph.digest, "seed \(seed), round \(round)")
            #expect(GraphDigest(of: graph, after: last).text == last.text)
        }
    }
}
