import GraphModel
import Testing

@Suite("Masks of edges")
struct MaskTests {
    @Test("roles give the masks of the semantics, section 2")
    func roles() {
        let writer = EdgeMasks(
            used: [.consistentRead, .write],
            shared: [.consistentRead, .write, .writeUnchanged]
        )
        let cases: [(ChildRole, EdgeMasks, Bool, String)] = [
            (.filter, .idle, true, "-/RWUS"), (.filter, writer, true, "RW/RWU"),
            (.image, .idle, true, "RWS/RU"), (.image, .idle, false, "R/RU"),
            (.image, writer, true, "RWS/RU"), (.data, .idle, true, "-/RWU"),
            (.data, writer, true, "RWS/RWU"), (.backing, .idle, true, "-/RWUS"),
            (.backing, writer, true, "R/RWUS"),
            (.backing, EdgeMasks(used: .write, shared: .consistentRead), true, "-/RU"),
            (.metadata, writer, true, "RWS/RU"),
        ]
        for (role, demand, isWritable, expected) in cases {
            let masks = PermissionRules.masks(role: role, demand: demand, isWritable: isWritable)
            #expect(masks.description == expected, "\(role.word) under \(demand)")
        }
    }

    @Test("drivers that ask for more than their role get it")
    func drivers() {
        var graph = GraphBuilder()
        for name in ["f", "g", "h", "target"] { graph.node(name, "file") }
        graph.node("cor", "copy-on-read", ["file": "f"])
        graph.node("cbw", "copy-before-write", ["file": "g", "target": "target"])
        graph.node("view", "snapshot-access", ["file": "cbw"])
        graph.node("window", "raw", ["file": "h"], options: [("offset", .integer(512))])
        graph.export("w", of: "cbw", isWritable: true)
        graph.export("v", of: "view")
        let masks = graph.masks
        #expect(masks["node/cor file f"] == "U/RWUS")
        #expect(masks["node/cbw file g"] == "RW/RU")
        #expect(masks["node/cbw target target"] == "W/RWU")
        #expect(masks["node/view file cbw"] == "-/RWUS")
        #expect(masks["node/window file h"] == "-/RWU")
    }

    @Test("a copy-before-write node without users wants nothing of what it would watch")
    func idleCopyBeforeWrite() {
        var graph = GraphBuilder()
        graph.node("f", "file")
        graph.node("t", "file")
        graph.node("cbw", "copy-before-write", ["file": "f", "target": "t"])
        #expect(graph.masks["node/cbw file f"] == "-/RWUS")
    }

    @Test("quorum and blkverify keep their legs alike")
    func legs() {
        var graph = GraphBuilder()
        for name in ["a", "b", "c", "d"] { graph.node(name, "file") }
        graph.node("q", "quorum", ["children.0": "a", "children.1": "b"])
        graph.node("v", "blkverify", ["raw": "c", "test": "d"])
        graph.export("q", of: "q", isWritable: true)
        graph.export("v", of: "v", isWritable: true)
        let masks = graph.masks
        #expect(masks["node/q children.0 a"] == "RW/RU")
        #expect(masks["node/q children.1 b"] == "RW/RU")
        #expect(masks["node/v raw c"] == "RW/RWU")
        #expect(masks["node/v test d"] == "RWS/RWU")
    }

    @Test("a wish that is refused is told from where it begins")
    func origin() throws {
        var graph = GraphBuilder()
        graph.node("f", "file", options: [("read-only", .flag(true))])
        graph.node("w", "raw", ["file": "f"])
        graph.node("t", "throttle", ["file": "w"])
        graph.export("e", of: "t", isWritable: true)
        let violations = ResolvedGraph(resolving: graph.description).violations
        #expect(violations.map(\.node) == ["f"])
        #expect(try #require(violations.first).user.objects == ["export/e", "node/t", "node/w"])
    }

    @Test("nodes are needed where the exports above them run")
    func placement() {
        var graph = GraphBuilder()
        graph.node("f", "file")
        graph.node("t", "throttle", ["file": "f"])
        graph.node("idle", "file", options: [("iothread", .text("io2"))])
        graph.node("plain", "file")
        graph.export("a", of: "t", options: [("iothread", .text("io1"))])
        graph.export("b", of: "f")
        let placement = ResolvedGraph(resolving: graph.description).placement
        #expect(placement.threads(of: "t") == ["io1"])
        #expect(placement.threads(of: "f") == ["default", "io1"])
        #expect(placement.threads(of: "idle") == ["io2"])
        #expect(placement.threads(of: "plain") == ["default"])
        #expect(placement.threads(of: "nobody") == [])
    }
}
