import GraphModel
import Testing

@testable import Reconciliation

@Suite("Reading documents")
struct DocumentParserTests {
    /// Reads a text as a file of its own.
    private func parse(_ bytes: [UInt8]) -> (parser: DocumentParser, words: WordTable) {
        var words = Vocabulary.table
        let parser = DocumentParser.parse(bytes, file: "a.yaml", words: &words)
        return (parser, words)
    }

    /// `line:column code` of each finding.
    private func findings(_ text: String) -> [String] {
        findings(Array(text.utf8))
    }

    private func findings(_ bytes: [UInt8]) -> [String] {
        parse(bytes).parser.diagnostics.map {
            "\($0.mark?.line ?? 0):\($0.mark?.column ?? 0) \($0.code)"
        }
    }

    /// `key=text` of the scalars in the value of the last key of a text's mapping.
    private func entriesOfLast(_ text: String) throws -> ([String], faults: Int) {
        let (parser, words) = parse(Array(text.utf8))
        let tape = parser.tape
        var faults: [DocumentTape.MergeFault] = []
        let root = try #require(tape.roots.first)
        let last = try #require(tape.entries(root, &faults).last)
        let entries = tape.entries(last.value, &faults)
        return (
            entries.map { "\(words.text($0.word))=\(tape.text($0.value))" }.sorted(), faults.count
        )
    }

    @Test(
        "a fault is found where it stands",
        arguments: [
            ("a: 1\n\tb: 2\n", "2:1 E0102"),
            ("a: 1\nb: 2\na: 3\n", "3:1 E0103"),
            ("{a: 1, \"a\": 2}\n", "1:8 E0103"),
            ("a: [1, 2\n", "2:1 E0100"),
            ("a: *x\n", "1:4 E0109"),
            ("a: &x [*x]\n", "1:8 E0105"),
            ("", "1:1 E0108"),
            ("# nothing\n", "1:1 E0108"),
            ("a: b\u{2028}c: d\n", "1:5 E0107"),
            ("a: \"\u{202E}b\"\n", "1:5 E0107"),
            ("a: b\u{0}\n", "1:5 E0107"),
            ("? [a]\n: b\n", "1:3 E0103"),
            ("a: 磁盘\na: 2\n", "2:1 E0103"),
            ("a: !disk b\n", "1:4 E0112"),
            ("a: !!binary aGk=\n", "1:4 E0112"),
            ("a: !!map [b]\n", "1:4 E0112"),
            ("- &a b\n- &a c\n- *a\n--- \n*a\n", "5:1 E0109"),
        ]
    )
    func fault(text: String, finding: String) {
        #expect(findings(text) == [finding])
    }

    @Test(
        "tags of the core schema say nothing new, and pass",
        arguments: [
            "a: !!str 5\n", "a: !!int 5\n", "a: !!map {b: c}\n", "a: !!seq [b]\n", "a: ! b\n",
            "a: !!bool true\n", "a: !!null\n",
        ]
    )
    func coreTags(text: String) {
        #expect(findings(text).isEmpty)
    }

    @Test("bytes that are not UTF-8 are refused with their place")
    func encoding() {
        #expect(findings([0x61, 0x3A, 0x20, 0xFF, 0x0A]) == ["1:4 E0101"])
        for wide: [UInt8] in [
            [0xFF, 0xFE, 0x61, 0x00], [0xFE, 0xFF, 0x00, 0x61], [0x61, 0x00, 0x3A, 0x00],
            [0x00, 0x61, 0x00, 0x3A], [0xFF, 0xFE, 0x00, 0x00, 0x61, 0x00, 0x00, 0x00],
        ] {
            #expect(parse(wide).parser.diagnostics.map(\.help) == [["save as UTF-8"]])
        }
    }

    @Test("a byte order mark and carriage returns pass, and columns stay right")
    func byteOrderMark() throws {
        let tape = parse([0xEF, 0xBB, 0xBF] + Array("a: 1\r\nb: 2\r\n".utf8)).parser.tape
        var faults: [DocumentTape.MergeFault] = []
        let entries = tape.entries(try #require(tape.roots.first), &faults)
        #expect(entries.map { tape.cells[Int($0.key)].place.column } == [1, 1])
        #expect(entries.map { tape.cells[Int($0.key)].place.line } == [1, 2])
    }

    @Test("nesting ends at 32 levels, and a file at one MiB")
    func limits() {
        #expect(findings(String(repeating: "[", count: 33)) == ["1:33 E0106"])
        #expect(findings(String(repeating: "[", count: 100_000)) == ["1:33 E0106"])
        let allowed = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        #expect(findings(allowed).isEmpty)
        #expect(findings(String(repeating: "#", count: (1 << 20) + 1)) == ["1:1 E0104"])
    }

    @Test("L6: aliases are counted as what they stand for, and not expanded")
    func aliasBomb() {
        var text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        for level in 1...9 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(findings(text).map { $0.suffix(5) } == ["E0105"])
        let lines = text.split(separator: "\n").prefix(4).joined(separator: "\n")
        #expect(findings(lines + "\n").isEmpty)
    }

    @Test("merge keys fill in what is not written, and the written wins")
    func mergeKeys() throws {
        let merged = try entriesOfLast("c: &c {x: 1, y: 2}\nd: {<<: *c, y: 3}\n")
        #expect(merged.0 == ["x=1", "y=3"])
        let twice = try entriesOfLast("c: &c {x: 1}\nd: &d {<<: *c, y: 2}\ne: {<<: [*d], z: 3}\n")
        #expect(twice.0 == ["x=1", "y=2", "z=3"])
        let quoted = try entriesOfLast("c: &c {x: 1}\nd: {\"<<\": 1}\n")
        #expect(quoted.0 == ["\"<<\"=1"])
    }

    @Test("merged mappings that disagree are refused, and those that agree are not")
    func disagreement() throws {
        let anchors = "a: &a {x: 1}\nb: &b {x: 2}\nc: &c {x: 1}\n"
        #expect(try entriesOfLast(anchors + "d: {<<: [*a, *b]}\n").faults == 1)
        #expect(try entriesOfLast(anchors + "d: {<<: [*a, *c]}\n").faults == 0)
        #expect(try entriesOfLast(anchors + "d: {<<: 5}\n").faults == 1)
    }

    @Test("a word has one number, however many there are")
    func words() {
        var words = Vocabulary.table
        let first = (0..<5_000).map { words.word(of: "word\($0)") }
        #expect(Set(first).count == 5_000)
        #expect((0..<5_000).map { words.word(of: "word\($0)") } == first)
        #expect(words.text(first[4_321]) == "word4321")
        #expect(words.word(of: "<<") == Vocabulary.merge)
        #expect(words.word(of: "driver") == Vocabulary.driver)
        #expect(words.word(of: "") != words.word(of: "\u{0}"))
    }

    @Test("every prefix of a document ends without a trap")
    func prefixes() {
        let text = Array(
            "sluice: 1\nx-a: &a {b: [1, \"c\\n\"], <<: {d: |\n  e\n}}\nf: *a\n---\n- 磁\n".utf8
        )
        for length in 0...text.count {
            let diagnostics = parse(Array(text.prefix(length))).parser.diagnostics
            #expect(diagnostics.allSatisfy { ($0.mark?.line ?? 0) > 0 })
        }
    }
}
