import GraphModel
import Reconciliation
import Testing

@Suite("Reading documents")
struct DocumentParserTests {
    private func parse(_ text: String) -> (documents: [Document], diagnostics: [Diagnostic]) {
        DocumentParser.parse(Array(text.utf8), file: "a.yaml")
    }

    /// `line:column code` of each finding.
    private func findings(_ text: String) -> [String] {
        parse(text).diagnostics.map {
            "\($0.mark?.line ?? 0):\($0.mark?.column ?? 0) \($0.code)"
        }
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
        ]
    )
    func fault(text: String, finding: String) {
        #expect(findings(text) == [finding])
    }

    @Test("bytes that are not UTF-8 are refused with their place")
    func encoding() {
        let broken = DocumentParser.parse([0x61, 0x3A, 0x20, 0xFF, 0x0A], file: "a.yaml")
        #expect(broken.diagnostics.map(\.code) == ["E0101"])
        #expect(broken.diagnostics.first?.mark?.column == 4)
        let wide = DocumentParser.parse([0xFF, 0xFE, 0x61, 0x00], file: "a.yaml")
        #expect(wide.diagnostics.first?.help == ["save as UTF-8"])
    }

    @Test("a byte order mark and carriage returns pass, and columns stay right")
    func byteOrderMark() throws {
        let result = DocumentParser.parse(
            [0xEF, 0xBB, 0xBF] + Array("a: 1\r\nb: 2\r\n".utf8),
            file: "a"
        )
        #expect(result.diagnostics.isEmpty)
        guard case .mapping(let entries)? = result.documents.first?.root.content else {
            Issue.record("no mapping")
            return
        }
        #expect(entries.map(\.keyPlace.column) == [1, 1])
        #expect(entries.map(\.keyPlace.line) == [1, 2])
    }

    @Test("nesting ends at 32 levels, and a file at one MiB")
    func limits() {
        #expect(findings(String(repeating: "[", count: 33)) == ["1:33 E0106"])
        #expect(findings(String(repeating: "[", count: 100_000)) == ["1:33 E0106"])
        let allowed = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        #expect(findings(allowed).isEmpty)
        #expect(findings(String(repeating: "#", count: (1 << 20) + 1)) == ["1:1 E0104"])
    }

    @Test("aliases are counted as what they stand for, and not expanded")
    func aliasBomb() {
        var text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        for level in 1...9 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(parse(text).diagnostics.map(\.code) == ["E0105"])
    }

    @Test("merge keys fill in what is not written, and the written wins")
    func mergeKeys() throws {
        let result = parse("c: &c {x: 1, y: 2}\nd: {<<: *c, y: 3}\n")
        #expect(result.diagnostics.isEmpty)
        guard case .mapping(let entries)? = result.documents.first?.root.content,
            case .mapping(let merged)? = entries.last?.value.content
        else {
            Issue.record("no mapping")
            return
        }
        let texts = merged.map { entry -> String in
            guard case .scalar(let text, _) = entry.value.content else { return "?" }
            return "\(entry.key)=\(text)"
        }
        #expect(texts.sorted() == ["x=1", "y=3"])
    }

    @Test("merged mappings that disagree are refused, and those that agree are not")
    func disagreement() {
        let anchors = "a: &a {x: 1}\nb: &b {x: 2}\nc: &c {x: 1}\n"
        #expect(findings(anchors + "d: {<<: [*a, *b]}\n") == ["2:8 E0111"])
        #expect(findings(anchors + "d: {<<: [*a, *c]}\n").isEmpty)
    }

    @Test("every prefix of a document ends without a trap")
    func prefixes() {
        let text = Array(
            "sluice: 1\nx-a: &a {b: [1, \"c\\n\"], <<: {d: |\n  e\n}}\nf: *a\n---\n- 磁\n".utf8
        )
        for length in 0...text.count {
            let result = DocumentParser.parse(Array(text.prefix(length)), file: "a.yaml")
            #expect(result.diagnostics.allSatisfy { ($0.mark?.line ?? 0) > 0 })
        }
    }
}
