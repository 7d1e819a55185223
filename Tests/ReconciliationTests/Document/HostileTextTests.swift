import Foundation
import GraphModel
import Reconciliation
import Testing

/// Random numbers that a failing test can repeat: SplitMix64.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Texts that nobody meant to write: cut, mutilated, and made to cost much.
@Suite("Hostile text")
struct HostileTextTests {
    /// The examples that people copy from.
    private static let examples: [(name: String, bytes: [UInt8])] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "examples")
        let files =
            (try? FileManager.default.contentsOfDirectory(
                at: folder,
                includingPropertiesForKeys: nil
            )) ?? []
        return files.filter { $0.pathExtension == "yaml" }
            .sorted { $0.path < $1.path }
            .compactMap { file in
                (try? Data(contentsOf: file)).map { (file.lastPathComponent, [UInt8]($0)) }
            }
    }()

    /// A text with most of what the language has.
    private static let rich = Array(
        """
        sluice: 1
        x-a: &a {driver: file, filename: "a\\u00e9", cache: &c {direct: on}}
        throttle-groups: {g: {bps-total: 4MiB, bps-total-max: 1G, bps-total-max-length: 500ms}}
        listeners: {l: {type: nbd, address: "unix:nbd.sock", mode: 0660}}
        iothreads: {io0: , io1: {cpu: 0x1}}
        nodes:
          b: {<<: *a, read-only: true, cache: *c, formerly: bb}
          c: {driver: raw, file: {driver: blkdebug, image: b, inject-error: [{errno: EIO}]}}
          q:
            driver: quorum
            vote-threshold: 1
            children: [{driver: null-co, size: 64KiB}, c]
          t: {driver: throttle, throttle-group: g, file: q}
        exports:
          e: {type: nbd, node: t, share: [write, resize], iothread: io0, on-remove: drain}
        ---
        sluice: 1
        nodes: {büro: {driver: nbd, server: {type: unix, path: a}, reconnect-delay: 5s}}
        """.utf8
    )

    /// What holds for whatever is read.
    private func judge(_ bytes: [UInt8], _ comment: String) {
        let read = Configuration(texts: [ConfigurationText(path: "a", bytes: bytes)])
        let lines = bytes.count { $0 == 0x0A || $0 == 0x0D } + 1
        for mark in read.diagnostics.flatMap({ [$0.mark] + $0.related.map(\.mark) }) {
            guard let mark else { continue }
            let isInside = (1...lines + 1).contains(mark.line) && mark.column >= 1
            #expect(isInside, "\(comment): \(mark)")
        }
        #expect((read.verdict == .valid) == (read.resolved?.isLegal == true), "\(comment)")
        expectSamePiecewise(read, bytes, comment)
        if read.verdict == .valid {
            #expect(
                Plan(live: read.description, desired: read.description).isEmpty,
                "\(comment)"
            )
        }
    }

    /// A file that is read entry by entry says what it says when it is read whole.
    private func expectSamePiecewise(_ whole: Configuration, _ bytes: [UInt8], _ comment: String) {
        var limits = DocumentLimits()
        limits.piecewiseBytesMin = 0
        let pieces = Configuration(
            texts: [ConfigurationText(path: "a", bytes: bytes)],
            limits: limits
        )
        #expect(pieces.diagnostics == whole.diagnostics, "\(comment)")
        #expect(pieces.omittedDiagnosticCount == whole.omittedDiagnosticCount, "\(comment)")
        #expect(pieces.description == whole.description, "\(comment)")
        let edges = [pieces, whole].map { $0.resolved?.edges.map { "\($0)" } ?? [] }
        #expect(edges[0] == edges[1], "\(comment)")
        for name in whole.description.nodes.keys {
            let marks = [pieces, whole].map { $0.marks.mark(.node, name) }
            #expect(marks[0] == marks[1], "\(comment): \(name)")
        }
        for name in whole.description.exports.keys {
            let marks = [pieces, whole].map { $0.marks.mark("export/\(name)", "node") }
            #expect(marks[0] == marks[1], "\(comment): \(name)")
        }
    }

    @Test(
        "the text with most of the language is valid, so that its mutations are near to valid ones"
    )
    func seeds() {
        let read = Configuration(texts: [ConfigurationText(path: "a", bytes: Self.rich)])
        #expect(read.diagnostics.isEmpty, "\(read.diagnostics)")
        #expect(Self.examples.count >= 3)
    }

    @Test("L18: every byte prefix of every example is read without a trap")
    func prefixes() {
        for example in Self.examples + [("rich", Self.rich)] {
            for count in 0...example.bytes.count {
                judge(Array(example.bytes.prefix(count)), "\(example.name), \(count) bytes")
            }
        }
    }

    /// Mutations of each seed; `SLUICE_MUTATIONS=10000000` is the long form.
    private static let mutations =
        (ProcessInfo.processInfo.environment["SLUICE_MUTATIONS"].flatMap(Int.init) ?? 4_000) / 4

    @Test(
        "L19: mutilated files end without a trap, with findings inside the file",
        arguments: 1...4
    )
    func mutations(seed: Int) {
        var random = Seeded(state: UInt64(seed))
        let texts = Self.examples.map(\.bytes) + [Self.rich, Self.rich]
        let words = [
            "*a", "&a ", "<<: ", "{", "}", "[", "]", ": ", "- ", "\n", "\n  ", "\t", "'", "\"", "#",
            "---\n", "null", "!!str ", "driver: raw", "file: b", "\u{85}", "\u{2028}", "磁", "0x",
        ]
        for round in 0..<Self.mutations {
            var bytes = texts[Int.random(in: 0..<texts.count, using: &random)]
            for _ in 0..<Int.random(in: 1...5, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                let end = min(bytes.count, place + Int.random(in: 1...24, using: &random))
                switch Int.random(in: 0..<6, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(place..<end)
                case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
                case 3: bytes.removeSubrange(place...)
                case 4:
                    let other = texts[Int.random(in: 0..<texts.count, using: &random)]
                    bytes.insert(contentsOf: other.prefix(end), at: place)
                default:
                    let word = words[Int.random(in: 0..<words.count, using: &random)]
                    bytes.insert(contentsOf: word.utf8, at: place)
                }
            }
            judge(bytes, "seed \(seed), round \(round)")
        }
    }

    /// Lines that a function makes, below a head.
    private static func lines(_ head: String, _ count: Int, _ line: (Int) -> String) -> String {
        var text = head
        for number in 0..<count { text += line(number) }
        return text
    }

    /// Texts that were made to cost much.
    private static let costly: [(name: String, text: String)] = {
        let nodes = "sluice: 1\nnodes:\n"
        let keys = lines("", 300) { "k\($0): 1, " }
        return [
            ("flow", lines("", 500_000) { _ in "[" }),
            ("keys", lines("", 200_000) { _ in "{a: " }),
            ("dashes", lines("", 500_000) { _ in "- " }),
            ("question marks", lines("", 400_000) { _ in "? " }),
            ("commas", lines("sluice: 1\nx-a: [", 500_000) { _ in "," }),
            ("one line", lines("sluice: 1\nx-a: ", 500_000) { _ in "a " }),
            ("quotes", lines("sluice: 1\nx-a: \"", 500_000) { _ in "\\n" }),
            ("anchors", lines("", 60_000) { "- &a\($0) b\n" }),
            ("duplicates", lines("sluice: 1\n", 150_000) { _ in "a: 1\n" }),
            ("faults", lines(nodes, 30_000) { "  n\($0): {drivr: file}\n" }),
            ("dangling", lines(nodes, 20_000) { "  n\($0): {driver: raw, file: m\($0)}\n" }),
            (
                "aliases",
                lines("sluice: 1\nx-a: &a {driver: file, fil: b}\nnodes:\n", 20_000) {
                    "  n\($0): *a\n"
                }
            ),
            (
                "merges",
                lines("sluice: 1\nx-a: &a {\(keys)z: 1}\nnodes:\n", 200) {
                    "  n\($0): {driver: file, <<: *a}\n"
                }
            ),
        ]
    }()

    @Test("texts that were made to cost much end with a limit, or are read", arguments: 0..<13)
    func costly(number: Int) {
        let (name, text) = Self.costly[number]
        judge(Array(text.utf8.prefix(1 << 20)), name)
    }
}
