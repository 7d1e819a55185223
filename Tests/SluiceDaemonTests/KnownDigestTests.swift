import GraphModel
import Testing

@testable import SluiceDaemon

@Suite("Known digest")
struct KnownDigestTests {
    @Test("the digest is always that of the graph that is asked for, known or not")
    func digests() {
        var known = KnownDigest()
        var graph = GraphDescription()
        #expect(known.digest(of: graph) == graph.digest)
        for name in ["a", "b", "c"] {
            graph.nodes[name] = NodeDescription(name: name, driver: "null-co")
            #expect(known.digest(of: graph) == graph.digest)
        }
        let full = graph
        graph.nodes["b"]?.driver = "null-aio"
        #expect(known.digest(of: graph) == graph.digest)
        #expect(known.digest(of: full) == full.digest)
        let named = GraphDigest(of: graph)
        known.note(named)
        #expect(known.last.graph == graph)
        #expect(known.digest(of: graph) == named.text)
    }
}
