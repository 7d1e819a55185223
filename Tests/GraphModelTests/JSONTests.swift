import GraphModel
import Testing

@Suite("JSON")
struct JSONTests {
    @Test(
        "what is no JSON is refused",
        arguments: [
            "", " ", "{", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{\"a\":1,\"a\":2}", "01", "-", "1.",
            "1.e5", "1e", "+1",
            "tru", "nullx", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"a\nb\"", "[1] 2", "'a'",
            "{a:1}", "[1 2]", "NaN", "1e999",
        ]
    )
    func refusals(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(json: text.utf8) }
    }

    @Test("nesting beyond the limit is refused, and not followed")
    func depth() {
        let text = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.self) { try JSONValue(json: text.utf8) }
    }

    @Test("values come back as they were written")
    func roundTrip() throws {
        let value: JSONValue = [
            "text": "a \"b\" \\ \n \u{1} 磁盘 \u{1F600}", "number": -42,
            "list": [1, .fraction(0.5), .null],
            "flags": [true, false], "object": ["a": .object([]), "b": []],
        ]
        #expect(try JSONValue(json: value.prettyText.utf8) == value)
        #expect(try JSONValue(json: value.compactBytes) == value)
        #expect(try JSONValue(json: "\"\\ud83d\\ude00\\u00e9\"".utf8) == "\u{1F600}é")
    }

    @Test("a graph comes back from its saved form, and keeps its digest")
    func graph() throws {
        var builder = GraphBuilder()
        builder.node(
            "a",
            "blkdebug",
            ["image": "b"],
            options: [
                ("delay", .integer(5)), ("cache", .mapping(Options([("direct", .flag(true))]))),
                (
                    "inject-error",
                    .list([.mapping(Options([("probability", .fraction(0.25))]))])
                ),
            ]
        )
        builder.node("b", "null-co")
        builder.export("e", of: "a", isWritable: true)
        var graph = builder.description
        graph.listeners["l"] = ListenerDescription(
            name: "l",
            options: Options([("type", .text("nbd"))])
        )
        graph.ioThreads["io0"] = IOThreadDescription(name: "io0")
        graph.throttleGroups["g"] = ThrottleGroupDescription(
            name: "g",
            limits: Options([("iops-total", .integer(5))])
        )
        let read = try GraphDescription(json: JSONValue(json: graph.json.prettyText.utf8))
        #expect(read == graph)
        #expect(read.digest == graph.digest)
        graph.nodes["b"]?.formerly = "c"
        #expect(read.digest == graph.digest)
        graph.nodes["b"]?.options["size"] = .integer(1)
        #expect(read.digest != graph.digest)
    }

    @Test("a saved graph of another format is refused with its name")
    func format() {
        #expect(throws: GraphFormatError.self) {
            try GraphDescription(json: ["format": "sluice.graph/9"])
        }
    }
}
