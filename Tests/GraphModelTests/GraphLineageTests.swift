import Testing

@testable import GraphModel

@Suite("What a graph was made of")
struct GraphLineageTests {
    private func graph(_ sizes: [String: Int64]) -> GraphDescription {
        var graph = GraphDescription()
        for (name, size) in sizes {
            graph.nodes[name] = NodeDescription(
                name: name,
                driver: "null-co",
                options: Options(["size": .integer(size)])
            )
        }
        return graph
    }

    private func names(_ nodes: Set<String>) -> ChangedNames {
        var names = ChangedNames()
        names.nodes = nodes
        return names
    }

    @Test("names add up over the graphs between two")
    func addUp() {
        var first = graph(["a": 1, "b": 1])
        first.descend(from: nil, changing: names([]))
        var second = graph(["a": 2, "b": 1])
        second.descend(from: first, changing: names(["a"]))
        var third = graph(["a": 2, "b": 2])
        third.descend(from: second, changing: names(["b"]))
        #expect(third.changes(since: first)?.nodes == ["a", "b"])
        #expect(third.changes(since: second)?.nodes == ["b"])
        #expect(third.changes(since: third)?.nodes == [])
        #expect(first.changes(since: third) == nil)
    }

    @Test("a graph of which anything is set has no lineage, and a copy keeps its own")
    func set() {
        var first = graph(["a": 1])
        first.descend(from: nil, changing: names([]))
        let copy = first
        first.nodes["a"]?.options["size"] = .integer(2)
        #expect(first.changes(since: copy) == nil)
        #expect(copy.changes(since: copy)?.nodes == [])
        #expect(first != copy)
        var service = copy
        service.ioThreads["t"] = IOThreadDescription(name: "t")
        #expect(service.changes(since: copy) == nil)
        #expect(service != copy)
    }

    @Test("graphs without a common lineage are compared whole")
    func strangers() {
        var one = graph(["a": 1])
        var other = graph(["a": 1])
        #expect(one.changes(since: other) == nil)
        one.descend(from: nil, changing: names([]))
        other.descend(from: nil, changing: names([]))
        #expect(one.changes(since: other) == nil)
        #expect(one == other)
        #expect(Set([one, other]).count == 1)
    }

    @Test("what is remembered has an end")
    func bounds() {
        var first = graph(["a": 1])
        first.descend(from: nil, changing: names([]))
        var last = first
        for _ in 0..<60 { last.descend(from: last, changing: names(["a"])) }
        #expect(last.changes(since: first) == nil)
        var many = first
        many.descend(from: first, changing: names(Set((0..<30_000).map { "n\($0)" })))
        let next = many
        many.descend(from: next, changing: names(["a"]))
        #expect(many.changes(since: next)?.nodes == ["a"])
        #expect(many.changes(since: first) == nil)
    }
}
