import GraphModel
import Reconciliation
import Testing

/// Fixes of a text, and the texts after each.
private func mended(_ text: String) -> (read: Configuration, fixes: FixList, after: [Configuration])
{
    let texts = [ConfigurationText(path: "a.yaml", bytes: Array(text.utf8))]
    let read = Configuration(texts: texts)
    let fixes = FixFinder.fixes(of: read, texts: texts)
    let after = fixes.all.map { fix in
        Configuration(texts: FixFinder.apply(fix.edits, to: texts) ?? [])
    }
    return (read, fixes, after)
}

@Suite("Fixes")
struct FixTests {
    @Test(
        "an export without a listener keeps its name and gets one of them",
        arguments: [
            "exports:\n  disk: {type: nbd, node: n}\n",
            "exports:\n  disk:\n    type: nbd\n    node: n\n",
        ]
    )
    func listener(exports: String) throws {
        let (read, fixes, after) = mended(
            """
            sluice: 1
            listeners: {near: {type: nbd, address: "unix:s"}, far: {type: nbd, address: "unix:t"}}
            nodes: {n: {driver: null-co}}

            """ + exports
        )
        #expect(read.diagnostics.map(\.code) == ["E0307"])
        #expect(fixes.all.map(\.what) == ["listener: far", "listener: near"])
        #expect(after.allSatisfy { $0.verdict == .valid })
        #expect(after.map { $0.description.exports["disk"]?.listener } == ["far", "near"])
    }

    private static let head = "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:s\"}}\n"

    @Test(
        "P10: each fix of a conflict, written into a copy of the files, gives a plan that passes",
        arguments: [
            // A second writer beside one who shares reading only.
            """
            nodes:
              vm1-fmt: {driver: null-co}
              vm1-iops:
                driver: raw
                file: vm1-fmt
            exports:
              vm1:
                type: nbd
                node: vm1-iops
                writable: true
                share: [consistent-read]
              backup:
                type: nbd
                node: vm1-fmt
                writable: true

            """,
            // An export of the file below a format.
            """
            nodes:
              f: {driver: file, filename: a}
              q: {driver: qcow2, file: f, backing: null}
            exports: {e: {type: nbd, node: f, writable: true}}

            """,
            // Two formats on one file.
            """
            nodes:
              f: {driver: file, filename: a}
              q1:
                # written first
                driver: qcow2
                file: f
                backing: null
              q2: {driver: qcow2, file: f, backing: null}

            """,
            // Somebody takes what nobody shares.
            """
            nodes:
              f: {driver: file, filename: a}
              x: {driver: blkdebug, image: f, unshare-child-perms: [write, resize]}
            exports:
              e: {type: nbd, node: f, writable: on}

            """,
            // A writer of what is read-only.
            """
            nodes:
              f: {driver: file, filename: a, read-only: true}
              w: {driver: raw, file: f}
            exports: {e: {type: nbd, node: w, writable: true}}

            """,
            // A size that cannot be written to its end.
            """
            nodes:
              n: {driver: null-co, size: 65000}
              d: {driver: blkdebug, image: n, align: 4096}
            exports: {e: {type: nbd, node: d, writable: true}}

            """,
        ]
    )
    func conflicts(_ text: String) {
        let (read, fixes, after) = mended(Self.head + text)
        #expect(read.verdict == .conflicting)
        #expect(!fixes.all.isEmpty, "\(read.diagnostics)")
        for (fix, configuration) in zip(fixes.all, after) where fix.isWhole {
            #expect(configuration.verdict == .valid, "\(fix)")
        }
        #expect(fixes.all.contains { $0.isWhole }, "\(fixes.all)")
    }

    @Test("P10: a conflict names both ways, both places and the bits")
    func places() throws {
        let text =
            Self.head + "nodes: {n: {driver: null-co}, r: {driver: raw, file: n}}\nexports:\n"
            + "  a: {type: nbd, node: r, writable: true, share: [consistent-read]}\n"
            + "  b: {type: nbd, node: n, writable: true}\n"
        let (read, fixes, _) = mended(text)
        let conflict = try #require(read.resolved?.conflicts.first)
        let json = conflict.json(marks: read.marks, fixes: fixes)
        #expect(json["wants"]?["objects"] == .list(["export/b"]))
        #expect(json["denies"]?["objects"] == .list(["export/a", "node/r"]))
        #expect(json["wants"]?["source"]?["line"] == 6)
        #expect(json["denies"]?["source"]?["line"] == 3)
        #expect(json["bits"] == .list(["write"]))
        #expect((json["fixes"]?.list ?? []).count >= 2)
    }

    @Test("a misspelt word is mended in flow, in block and in quotes")
    func spelling() {
        for (wrong, right) in [
            ("nodes: {f: {driver: file, filenme: a}}\n", "filename: a"),
            ("nodes:\n  f:\n    driver: fle\n    filename: a\n", "driver: file"),
            ("nodes:\n  f:\n    \"drivr\": file\n    filename: a\n", "driver: file"),
            (
                "nodes: {disk: {driver: null-co}}\nexports: {büro: {type: nbd, node: dsik}}\n",
                "node: disk"
            ),
        ] {
            let texts = [ConfigurationText(path: "a", bytes: Array((Self.head + wrong).utf8))]
            let read = Configuration(texts: texts)
            let fixes = FixFinder.fixes(of: read, texts: texts)
            guard let fix = fixes.all.first, let after = FixFinder.apply(fix.edits, to: texts)
            else {
                Issue.record("no fix of \(wrong): \(read.diagnostics)")
                continue
            }
            #expect(String(decoding: after[0].bytes, as: UTF8.self).contains(right))
            #expect(Configuration(texts: after).verdict == .valid)
        }
    }

    @Test("edits are made by scalars, over a byte order mark and lines of every end")
    func edits() {
        let mark = SourceMark(file: "a", line: 2, column: 3, length: 2)
        let text = "\u{FEFF}é\r\nbü日本x\n"
        let after = TextEdit.apply([TextEdit(mark: mark, text: "-")], to: Array(text.utf8))
        #expect(after.map { String(decoding: $0, as: UTF8.self) } == "\u{FEFF}é\r\nbü-x\n")
        let beyond = SourceMark(file: "a", line: 9, column: 1, length: 0)
        #expect(TextEdit.apply([TextEdit(mark: beyond, text: "-")], to: Array(text.utf8)) == nil)
    }
}
