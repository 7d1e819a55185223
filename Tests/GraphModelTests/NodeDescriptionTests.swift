import GraphModel
import Testing

@Suite("Node descriptions")
struct NodeDescriptionTests {
    @Test("a copy of a node is changed alone, whichever of the two is changed")
    func copies() {
        let options = Options([("size", .integer(4_096))])
        let child = ChildReference(edge: "file", node: "below")
        var first = NodeDescription(
            name: "a",
            driver: "raw",
            options: options,
            children: [child],
            formerly: "before"
        )
        first.emptySlots = ["backing"]
        var second = first
        #expect(first == second)
        second.name = "b"
        second.options["size"] = .integer(8_192)
        second.children = []
        first.driver = "qcow2"
        first.formerly = nil
        #expect(second.driver == "raw")
        #expect(second.formerly == "before")
        #expect(second.emptySlots == ["backing"])
        #expect(first.name == "a")
        #expect(first.options == options)
        #expect(first.children == [child])
        #expect(first != second)
    }

    @Test("nodes that say the same are equal and hash alike, though nothing is shared")
    func equality() {
        let made = { NodeDescription(name: "a", driver: "null-co", options: Options()) }
        #expect(made() == made())
        #expect(Set([made(), made()]).count == 1)
        var other = made()
        other.emptySlots = ["backing"]
        #expect(other != made())
    }
}
