import GraphModel
import Reconciliation
import Testing

/// A text in its canonical layout; the reason when it stays as it is.
private func formatted(_ text: String, tabs: Int? = nil) -> String {
    do throws(FormatError) {
        let source = ConfigurationText(path: "a.yaml", bytes: Array(text.utf8))
        let bytes = try DocumentFormat.formatted(source, tabSpaces: tabs)
        return String(decoding: bytes, as: UTF8.self)
    } catch {
        return error.findings.map(\.code).joined(separator: " ")
    }
}

@Suite("The canonical layout")
struct DocumentFormatTests {
    @Test(
        "spaces, levels and empty lines become canonical",
        arguments: [
            ("sluice:   1\n", "sluice: 1\n"),
            ("sluice: 1", "sluice: 1\n"),
            ("\n\nsluice: 1\n\n\n", "sluice: 1\n"),
            ("\u{FEFF}sluice: 1\r\nnodes: {}\r\n", "sluice: 1\nnodes: {}\n"),
            (
                "sluice: 1\nnodes:\n    a:\n        driver: null-co\n",
                "sluice: 1\n\nnodes:\n  a:\n    driver: null-co\n"
            ),
            (
                "sluice: 1\nnodes: { a : {driver:   null-co ,size: 1} ,\"b\":{ } }\n",
                "sluice: 1\nnodes: {a: {driver: null-co, size: 1}, \"b\": {}}\n"
            ),
            (
                "sluice: 1\nx-a:\n- 1\n-   - 2\n    - 3\n-  k: v\n   l: w\n",
                "sluice: 1\n\nx-a:\n  - 1\n  - - 2\n    - 3\n  - k: v\n    l: w\n"
            ),
            (
                "sluice: 1\nx-a: [ 1,\n   2 ,\n\n\n   3\n ]\n",
                "sluice: 1\nx-a: [1,\n  2,\n\n  3\n]\n"
            ),
        ]
    )
    func layout(text: String, wanted: String) {
        #expect(formatted(text) == wanted)
    }

    @Test("comments stay with what they are about")
    func comments() {
        let text = """
            # head

            sluice: 1 # version
            # about nodes
            nodes:
                # about a
                a:  {driver: null-co}    # first
                bb: {driver: null-co}    # second
                    # deeper than anything
                c:
                    driver: raw # x
                    # the child
                    file: a
                    # end of c
                # end of nodes
            # end
            """
        let wanted = """
            # head

            sluice: 1  # version

            # about nodes
            nodes:
              # about a
              a: {driver: null-co}   # first
              bb: {driver: null-co}  # second
              # deeper than anything
              c:
                driver: raw  # x
                # the child
                file: a
                # end of c
              # end of nodes
            # end

            """
        #expect(formatted(text) == wanted)
    }

    @Test(
        "texts of several lines keep every character",
        arguments: [
            "sluice: 1\nx-a: |\n    one\n      two  \n\n    three\nx-b: 1\n",
            "sluice: 1\nx-a: >-\n  folded\n  text\n\n\nx-b: |+\n  kept\n\nx-c: 1\n",
            "sluice: 1\nx-a: |2\n    two more\nx-b: 1\n",
            "sluice: 1\nx-a:\n    - |\n     body\n    - plain\n       goes on\n\n       end # e\n",
            "sluice: 1\nx-a: \"one\n     two \\\n     three\"   # c\nx-b: 'it''s\n\n  fine'\n",
            "sluice: 1\nx-a: {b: \"one\n   two\", c: [d,\n e]}\n",
            "sluice: 1\nx-url: unix:/a:b#c\nx-b: {u: unix:/a:b#c, \"v\":1}\n",
            "%YAML 1.1\n---\nsluice: 1\n---  # two\nsluice: 1\n...\n",
            "sluice: 1\nnodes:\n  \"a\" : {driver: null-co}\n  'b':   {driver: null-co}\n",
            "sluice: 1\nx-磁盘:   {büro: ä}   # ö\n",
        ]
    )
    func severalLines(text: String) {
        let once = formatted(text)
        #expect(!once.hasPrefix("E"), "\(once)")
        #expect(formatted(once) == once)
        #expect(DocumentMeaning(Array(once.utf8)) == DocumentMeaning(Array(text.utf8)))
    }

    @Test("a tab of indentation is replaced only when its width is told")
    func tabs() {
        let text = "sluice: 1\nnodes:\n\ta:\n\t\tdriver: null-co\n"
        #expect(formatted(text) == "E0102")
        #expect(
            formatted(text, tabs: 4) == "sluice: 1\n\nnodes:\n  a:\n    driver: null-co\n"
        )
    }

    @Test(
        "what cannot be laid out stays, with its place and the reason",
        arguments: [
            ("sluice: 1\nnodes: {a: \n", "E0100"),
            ("sluice: 1\n? nodes\n: {}\n", "E0113"),
            ("--- {sluice: 1}\n", "E0113"),
            ("sluice: \"1\u{2028}\"\n", "E0107"),
        ]
    )
    func refused(text: String, code: String) { #expect(formatted(text) == code) }

    @Test("every prefix of a text is laid out or left, and nothing breaks")
    func prefixes() {
        let text = """
            %YAML 1.1
            --- # one
            sluice: 1
            x-a: &a {b: [1, "two
              lines", 'it''s'], c: {<<: *b, "d":1}}  # end
            x-b: |2+
               kept

            x-c: >-
              folded
            x-d:
            - - plain
                goes on
            - ? odd
            ...
            """
        let bytes = Array(text.utf8)
        for count in 0...bytes.count {
            let source = ConfigurationText(path: "a.yaml", bytes: Array(bytes[..<count]))
            guard let before = DocumentMeaning(source.bytes),
                // What cannot be laid out is another test's.
                let after = try? DocumentFormat.formatted(source)
            else { continue }
            #expect(DocumentMeaning(after) == before)
        }
    }

    @Test("whatever is read after formatting was read before, for 4,000 random texts")
    func random() {
        var generator = SeededLines(seed: 42)
        var count = 0
        for _ in 0..<4_000 {
            let text = generator.text()
            guard let before = DocumentMeaning(Array(text.utf8)) else { continue }
            let once = formatted(text)
            if once.hasPrefix("E0") { continue }
            count += 1
            #expect(DocumentMeaning(Array(once.utf8)) == before, "\(text)")
            #expect(formatted(once) == once, "\(text)")
        }
        #expect(count > 400)
    }
}

/// Texts that are often YAML, with odd layouts; the same for the same seed.
private struct SeededLines {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    private mutating func next(_ count: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(truncatingIfNeeded: state >> 33) % count
    }

    private mutating func spaces() -> String { String(repeating: " ", count: next(3)) }

    mutating func text() -> String { "sluice: 1\n" + block(depth: 0, indent: 0) }

    private mutating func block(depth: Int, indent: Int) -> String {
        var text = ""
        let isList = depth > 0 && next(3) == 0
        for place in 0..<(1 + next(4)) {
            if next(5) == 0 { text += "\n" }
            if next(5) == 0 {
                text += String(repeating: " ", count: indent + next(3)) + "# note \(next(9))\n"
            }
            text += String(repeating: " ", count: indent)
            text += isList ? "-" : "x-k\(depth)\(place)" + (next(4) == 0 ? " :" : ":")
            if depth < 3, next(3) == 0 {
                text += "\n" + block(depth: depth + 1, indent: indent + 1 + next(4))
            } else {
                text += " " + spaces() + value(depth: depth, indent: indent) + "\n"
            }
        }
        return text
    }

    private mutating func value(depth: Int, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent + 1 + next(3))
        switch next(10) {
        case 0: return "{\(spaces())a:\(spaces()) b\(spaces()),\(spaces())c: [1\(spaces()), 2]}"
        case 1: return "[a,\n\(margin)b\(spaces()),\n\n\(margin)c]  # end"
        case 2: return "\"quoted # no comment\"   # comment"
        case 3: return "'single ''quoted'''"
        case 4: return "|\n\(margin)  one\n\(margin)   two  \n"
        case 5: return ">-\n\n\(margin)  folded\n\(margin)  text"
        case 6: return "plain\n\(margin)goes on\n\n\(margin)here"
        case 7: return "&a\(next(9)) anchored"
        case 8: return "a:b#c, d"
        default: return "\(next(1_000))  # n"
        }
    }
}
