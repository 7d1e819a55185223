import GraphModel
import Reconciliation
import Testing

/// Group L of the scenarios, as far as it needs no daemon: what files say and what is said about them.
@Suite("Loader and language")
struct LoaderScenarioTests {
    /// Reads files by name.
    private func readFiles(_ files: KeyValuePairs<String, String>) -> Configuration {
        Configuration(
            texts: files.map { ConfigurationText(path: $0.key, bytes: Array($0.value.utf8)) }
        )
    }

    /// `file:line:column` of a place.
    private func place(_ mark: SourceMark?) -> String {
        mark.map { "\($0.file):\($0.line):\($0.column)" } ?? "-"
    }

    private let listener = "listeners: {l: {type: nbd, address: \"unix:a\"}}\n"

    @Test("L1: an unknown key is told at its place, with the word that was meant")
    func unknownKey() throws {
        let found = read(
            "sluice: 1\nnodes:\n  vm1-file:\n    driver: file\n    filename: a\n"
                + "    cahce: {direct: true}\n"
        )
        let finding = try #require(found.diagnostics.first)
        #expect(findings(found) == ["6:5 E0201"])
        #expect(finding.mark?.length == 5)
        #expect(finding.suggestions == ["cache"])
        #expect(found.verdict == .invalid)
    }

    @Test("L3: one object in two files is told with both places, equal or not")
    func twoFiles() {
        for other in ["{driver: null-co}", "{driver: null-co, size: 5}"] {
            let found = readFiles([
                "one.yaml": "sluice: 1\nnodes:\n  vm1-fmt: {driver: null-co}\n",
                "two.yaml": "sluice: 1\nnodes:\n  a: {driver: null-co}\n  vm1-fmt: \(other)\n",
            ])
            #expect(found.diagnostics.map(\.code) == ["E0301"])
            #expect(found.diagnostics.map { place($0.mark) } == ["two.yaml:4:3"])
            #expect(found.diagnostics.flatMap(\.related).map { place($0.mark) } == ["one.yaml:3:3"])
        }
    }

    @Test(
        "L4: a key that a mapping has twice is told, however it is spelled",
        arguments: [
            ("a: 1\na: 2\n", "3:1"), ("b: {a: 1, a: 2}\n", "2:13"), ("b: {a: 1, 'a': 2}\n", "2:13"),
            ("\"a\": 1\na: 2\n", "3:1"), ("k: &k a\nb: {a: 1, *k : 2}\n", "3:13"),
            ("\"\\x61\": 1\na: 2\n", "3:1"),
        ]
    )
    func duplicateKey(text: String, place: String) {
        let notes = text.split(separator: "\n").map { "x-\($0)" }
        // Only top-level keys are renamed: `x-b: {a: 1, a: 2}`.
        let body = notes.map { $0.replacing("x-\"", with: "\"x-") }.joined(separator: "\n")
        let found = read("sluice: 1\n" + body + "\n")
        #expect(findings(found) == ["\(place) E0103"], "\(body)")
        #expect(found.diagnostics.first?.related.count == 1)
    }

    @Test("L5: tabs indent nothing, and are harmless inside quotes and after values")
    func tabs() {
        #expect(findings(read("sluice: 1\nnodes:\n\ta: {}\n")) == ["3:1 E0102"])
        let fine = read("sluice: 1\nx-a: \"a\tb\"\nx-b: c\t# note\nx-d: 'e\t'\n")
        #expect(fine.diagnostics.isEmpty)
    }

    @Test("L9: a fault behind an alias stands where it is written, with a note at the alias")
    func aliases() throws {
        let text = "sluice: 1\nx-c: &c {driver: null-co, sise: 5}\nnodes:\n  a: *c\n"
        let found = read(text)
        #expect(findings(found) == ["2:27 E0201"])
        let notes = try #require(found.diagnostics.first).related
        #expect(notes.map { place($0.mark) } == ["a.yaml:4:6"])
        let merged = read(text.replacing("a: *c", with: "a: {<<: *c}"))
        #expect(findings(merged) == ["2:27 E0201"])
        #expect(
            merged.diagnostics.flatMap(\.related).map { place($0.mark) } == ["a.yaml:4:11"]
        )
        let scalar = read(
            "sluice: 1\nx-s: &s large\nnodes: {a: {driver: null-co, size: *s}}\n"
        )
        #expect(findings(scalar) == ["2:6 E0204"])
        #expect(scalar.diagnostics.flatMap(\.related).map { place($0.mark) } == ["a.yaml:3:36"])
    }

    @Test("L9: merged mappings that disagree are told with both places; the written key wins")
    func merges() {
        let anchors = "sluice: 1\nx-a: &a {size: 1}\nx-b: &b {size: 2}\n"
        let found = read(anchors + "nodes: {n: {<<: [*a, *b], driver: null-co}}\n")
        #expect(findings(found) == ["3:10 E0111"])
        #expect(found.diagnostics.first?.related.first.map { place($0.mark) } == "a.yaml:2:10")
        let won = read(anchors + "nodes: {n: {<<: [*a, *b], driver: null-co, size: 3}}\n")
        #expect(won.diagnostics.isEmpty)
        #expect(won.description.nodes["n"]?.options.integer("size") == 3)
    }

    @Test("L9: an anchor does not reach into another document")
    func anchorsEnd() {
        let found = read("sluice: 1\nx-a: &a {driver: null-co}\n---\nsluice: 1\nnodes: {n: *a}\n")
        #expect(findings(found) == ["5:12 E0109"])
    }

    @Test("L10: documents of one file count like files")
    func documents() {
        let two = read(
            "sluice: 1\nnodes: {a: {driver: null-co}}\n---\nsluice: 1\n"
                + "nodes: {b: {driver: raw, file: a}}\n"
        )
        #expect(two.diagnostics.isEmpty)
        #expect(two.description.nodes.count == 2)
        #expect(findings(read("sluice: 1\n---\nnodes: {}\n")) == ["3:1 E0110"])
        let twice = read("sluice: 1\nnodes: {a: {driver: null-co}}\n---\nsluice: 1\nnodes: {a: }\n")
        #expect(findings(twice) == ["5:9 E0301"])
        #expect(twice.diagnostics.flatMap(\.related).map { place($0.mark) } == ["a.yaml:2:9"])
        #expect(findings(read("sluice: 1\n---\n")).map { $0.suffix(5) } == ["E0108"])
    }

    @Test("L11: text stays as it is written, and numbers that are traps are errors with the fix")
    func traps() throws {
        let text = "sluice: 1\n" + listener + "nodes: {a: {driver: file, filename: 12:30:45}}\n"
        let found = read(
            text + "exports: {e: {type: nbd, node: a, name: no, description: 1.10}}\n"
        )
        #expect(found.diagnostics.isEmpty)
        let options = try #require(found.description.exports["e"]?.options)
        #expect(options.text("name") == "no")
        #expect(options.text("description") == "1.10")
        #expect(found.description.nodes["a"]?.options.text("filename") == "12:30:45")
        // The language's own document refuses what the scenario would accept with a warning.
        let flag = read(text + "exports: {e: {type: nbd, node: a, writable: no}}\n")
        #expect(flag.diagnostics.map(\.code) == ["E0204"])
        #expect(flag.diagnostics.first?.suggestions == ["false"])
        let number = read("sluice: 1\nthrottle-groups: {g: {iops-total: 1_000}}\n")
        #expect(number.diagnostics.first?.suggestions == ["1000"])
    }

    @Test("L13: names of any script work, and those that only look right are told")
    func unicodeNames() {
        let fine = read("sluice: 1\nnodes: {büro: {driver: null-co}, 磁盘-file: {driver: null-co}}\n")
        #expect(fine.diagnostics.isEmpty)
        let composed = readNodes("b\u{FC}ro: {driver: null-co}\nbu\u{308}ro: {driver: null-co}")
        #expect(findings(composed) == ["4:3 E0207"])
        #expect(composed.diagnostics.first?.related.count == 1)
        let used = readNodes("b\u{FC}ro: {driver: null-co}\nr: {driver: raw, file: bu\u{308}ro}")
        #expect(findings(used) == ["4:26 E0207"])
        #expect(findings(readNodes("a\u{200D}b: {driver: null-co}")) == ["3:3 E0107"])
        let alike = readNodes("disk: {driver: null-co}\nd\u{456}sk: {driver: null-co}")
        #expect(findings(alike) == ["4:3 W0208"])
        #expect(alike.verdict == .valid)
    }

    @Test("L14: a byte order mark and carriage returns pass; other encodings are told")
    func encodings() {
        let text = "sluice: 1\r\nnodes:\r\n  a: {driver: nul-co}\r\n"
        let marked = Configuration(texts: [
            ConfigurationText(path: "a.yaml", bytes: [0xEF, 0xBB, 0xBF] + Array(text.utf8))
        ])
        #expect(findings(marked) == ["3:15 E0203"])
        let wide = Configuration(texts: [
            ConfigurationText(
                path: "a",
                bytes: [0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0), 0] }
            )
        ])
        #expect(wide.diagnostics.map(\.help) == [["save as UTF-8"]])
        let broken = Configuration(texts: [
            ConfigurationText(path: "a", bytes: Array("sluice: 1\nx-a: ".utf8) + [0xC3, 0x28])
        ])
        #expect(broken.diagnostics.map(\.message) == ["the file is not UTF-8: byte 15 is invalid"])
    }

    @Test("L15: a reference to nothing stands where it is used")
    func dangling() {
        let found = readNodes("vm1-fmt: {driver: raw, file: vm1-file}")
        #expect(findings(found) == ["3:32 E0302"])
    }

    @Test("L16: a cycle among 200 nodes is told with exactly its edges, each with its line")
    func cycle() throws {
        var lines = (0..<197).map {
            "n\($0): {driver: raw, file: \($0 == 0 ? "leaf" : "n\($0 - 1)")}"
        }
        lines.insert("b: {driver: raw, file: c}", at: 60)
        lines.insert("a: {driver: raw, file: b}", at: 20)
        lines.insert("c: {driver: raw, file: a}", at: 120)
        lines.append("leaf: {driver: null-co}")
        let found = readNodes(lines.joined(separator: "\n"))
        let finding = try #require(found.diagnostics.first)
        #expect(findings(found) == ["23:26 E0305"])
        #expect(finding.related.compactMap { $0.mark?.line } == [64, 123])
        #expect(finding.message.contains("a -> b -> c -> a"))
    }
}
