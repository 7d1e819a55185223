import GraphModel
import Reconciliation
import Testing

/// Reads one file; entry by entry when it is so long.
func read(_ text: String, piecewiseBytesMin: Int = .max) -> Configuration {
    var limits = DocumentLimits()
    limits.piecewiseBytesMin = piecewiseBytesMin
    return Configuration(
        texts: [ConfigurationText(path: "a.yaml", bytes: Array(text.utf8))],
        limits: limits
    )
}

/// Reads the nodes of one file.
func readNodes(_ text: String) -> Configuration {
    read("sluice: 1\nnodes:\n" + text.split(separator: "\n").map { "  \($0)\n" }.joined())
}

/// `line:column code` of each finding.
func findings(_ configuration: Configuration) -> [String] {
    configuration.diagnostics.map { "\($0.mark?.line ?? 0):\($0.mark?.column ?? 0) \($0.code)" }
}

@Suite("The language")
struct ConfigurationTests {
    @Test(
        "a fault is found where it stands",
        arguments: [
            ("nodes: {}\n", "1:1 E0110"),
            ("sluice: 2\n", "1:9 E0110"),
            ("sluice: \"1\"\n", "1:9 E0110"),
            ("- 1\n", "1:1 E0204"),
            ("sluice: 1\nndoes: {}\n", "2:1 E0201"),
            ("sluice: 1\nnodes: [a]\n", "2:8 E0204"),
            ("sluice: 1\nnodes: {a: 1}\n", "2:12 E0204"),
            ("sluice: 1\nnodes: {a: {}}\n", "2:9 E0202"),
            ("sluice: 1\nnodes: {a: {driver: []}}\n", "2:21 E0204"),
            ("sluice: 1\nnodes: {a b: {driver: null-co}}\n", "2:9 E0207"),
            ("sluice: 1\nnodes: {a: {driver: null-co, size: -1}}\n", "2:36 E0205"),
            ("sluice: 1\nnodes: {a: {driver: null-co, size: 1e3}}\n", "2:36 E0204"),
            ("sluice: 1\nnodes: {a: {driver: null-co, size: 99999999999GiB}}\n", "2:36 E0205"),
            ("sluice: 1\nnodes: {a: {driver: null-co, latency: 5}}\n", "2:39 E0204"),
            ("sluice: 1\nnodes: {a: {driver: null-co, size: }}\n", "2:36 E0204"),
            ("sluice: 1\nnodes: {a: {driver: file, filename: }}\n", "2:37 E0204"),
            ("sluice: 1\nnodes: {a: {driver: file, filename: b, aio: uring}}\n", "2:45 E0206"),
            (
                "sluice: 1\nnodes: {a: {driver: file, filename: b, cache: {drect: true}}}\n",
                "2:48 E0201"
            ),
            ("sluice: 1\nnodes: {a: {driver: raw, file: null}}\n", "2:32 E0204"),
            ("sluice: 1\nnodes: {a: {driver: raw}}\n", "2:9 E0202"),
            ("sluice: 1\nnodes: {a: {driver: raw, file: {driver: file}}}\n", "2:26 E0202"),
            ("sluice: 1\nnodes: {a: {driver: null-co, formerly: a}}\n", "2:40 E0306"),
            ("sluice: 1\nnodes: {a: {driver: null-co, iothread: io0}}\n", "2:40 E0302"),
            ("sluice: 1\nlisteners: {l: {type: nbd, address: here}}\n", "2:37 E0204"),
            (
                "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\", mode: 0999}}\n",
                "2:53 E0204"
            ),
            (
                "sluice: 1\nnodes: {a: {driver: null-co}}\nexports: {e: {type: nbd, node: a}}\n",
                "3:11 E0307"
            ),
            ("sluice: 1\n---\nsluice: 1\nnodes: {a: {driver: x}}\n---\n", "6:1 E0108"),
        ]
    )
    func fault(text: String, finding: String) {
        #expect(findings(read(text)).contains(finding), "\(findings(read(text)))")
    }

    @Test("an export names a thread or several, and what means the same is the same")
    func threads() throws {
        let ways = [
            "a": ["a"], "[a]": ["a"], "[a, b]": ["a", "b"], "[b, a]": ["a", "b"],
            "[default, b]": ["b", "default"],
        ]
        for (written, threads) in ways {
            let read = read(
                """
                sluice: 1
                listeners: {l: {type: nbd, address: "unix:a"}}
                iothreads: {a: , b: }
                nodes: {z: {driver: null-co}}
                exports: {e: {type: nbd, node: z, iothread: \(written)}}
                """
            )
            #expect(read.diagnostics.isEmpty, "\(written)")
            let export = try #require(read.description.exports["e"])
            #expect(export.ioThreads == threads)
            #expect(
                export.options["iothread"]
                    == (threads.count == 1
                        ? .text(threads[0]) : .list(threads.map { .text($0) }))
            )
        }
    }

    @Test("values are typed by the options that they are for")
    func types() throws {
        let read = read(
            """
            sluice: 1
            throttle-groups: {g: {bps-read: 4MiB, bps-read-max: 1G, bps-read-max-length: 500ms}}
            listeners: {l: {type: nbd, address: "tcp:[::1]:10809", mode: 0660}}
            iothreads: {io0: , io1: {cpu: 0x1}}
            nodes:
              a: {driver: file, filename: 1_000, read-only: on, cache: {direct: off}, create: {size: 20GiB}}
              b: {driver: blkdebug, image: a, inject-error: [{errno: ENOSPC, probability: 0.5}]}
              c: {driver: file, filename: 12:30:45, create: false}
              d: {driver: null-co, latency: 2s, size: 0o17}
            """
        )
        #expect(read.diagnostics.isEmpty)
        let limits = try #require(read.description.throttleGroups["g"]?.limits)
        #expect(limits.integer("bps-read") == 4 << 20)
        #expect(limits.integer("bps-read-max") == 1 << 30)
        #expect(limits.integer("bps-read-max-length") == 500_000_000)
        #expect(read.description.listeners["l"]?.options.integer("mode") == 0o660)
        #expect(read.description.ioThreads["io1"]?.options.integer("cpu") == 1)
        let file = try #require(read.description.nodes["a"]?.options)
        #expect(file.text("filename") == "1_000")
        #expect(file.flag("read-only") == true)
        #expect(
            file.mapping("cache")
                == Options([("direct", .flag(false)), ("no-flush", .flag(false))])
        )
        #expect(file.mapping("create")?.integer("size") == 20 << 30)
        #expect(file.text("locking") == "auto")
        let error = try #require(read.description.nodes["b"]?.options.list("inject-error")?.first)
        guard case .mapping(let rule) = error else { return #expect(Bool(false)) }
        #expect(rule.integer("errno") == 28)
        #expect(rule["probability"] == .fraction(0.5))
        #expect(read.description.nodes["c"]?.options["create"] == nil)
        #expect(read.description.nodes["d"]?.options.integer("latency") == 2_000_000_000)
        #expect(read.description.nodes["d"]?.options.integer("size") == 0o17)
    }

    @Test("equal wishes are equal graphs, however they are written")
    func spelling() {
        let short = readNodes("a: {driver: file, filename: x}\nb: {driver: raw, file: a}")
        let long = Configuration(texts: [
            ConfigurationText(
                path: "b.yml",
                bytes: Array(
                    "sluice: 1\nx-n: &n {driver: raw}\nnodes: {b: {<<: *n, \"file\": 'a', offset: 0}}\n"
                        .utf8
                )
            ),
            ConfigurationText(
                path: "a.yml",
                bytes: Array(
                    "nodes:\r\n  a:\r\n    filename: x\r\n    cache: {}\r\n    driver: file\r\nsluice: 1\r\n"
                        .utf8
                )
            ),
        ])
        #expect(long.diagnostics.isEmpty)
        #expect(short.description == long.description)
        #expect(short.description.digest == long.description.digest)
    }

    @Test("a fault is not followed by those that it causes")
    func followOns() {
        #expect(
            findings(readNodes("a: {driver: qcow3}\nb: {driver: raw, file: a}")) == ["3:15 E0203"]
        )
        let broken = Configuration(texts: [
            ConfigurationText(path: "1.yaml", bytes: Array("sluice: 1\nnodes: {a: [\n".utf8)),
            ConfigurationText(
                path: "2.yaml",
                bytes: Array("sluice: 1\nnodes: {b: {driver: raw, file: a}}\n".utf8)
            ),
        ])
        #expect(broken.diagnostics.map(\.code) == ["E0100"])
        let twice = readNodes(
            "x-a: &a {driver: raw, fiel: z, file: z}\nz: {driver: null-co}\nb: *a\nc: *a"
        )
        #expect(twice.diagnostics.map(\.code) == ["E0201"])
    }

    @Test("at most fifty findings are listed, and the rest is counted")
    func limit() {
        let nodes = (0..<80).map { "n\($0): {driver: nothing}" }.joined(separator: "\n")
        let read = readNodes(nodes)
        #expect(read.diagnostics.count == 50)
        #expect(read.omittedDiagnosticCount == 30)
    }

    @Test("an inline child bears its parent's name and its slot's")
    func inline() throws {
        let read = readNodes(
            "q: {driver: quorum, vote-threshold: 1, children: [{driver: null-co}, {driver: raw, file: {driver: null-co}}]}"
        )
        #expect(read.diagnostics.isEmpty)
        #expect(
            read.description.nodes.keys.sorted()
                == ["q", "q.children.0", "q.children.1", "q.children.1.file"]
        )
    }

    @Test("the limits of a throttle group have to agree, as QEMU wants it")
    func throttleGroups() {
        let cases = [
            ("{iops-total: 5, iops-read: 5}", "E0208"), ("{bps-total-max: 5}", "E0208"),
            ("{iops-total: 5, iops-total-max: 4}", "E0208"), ("{iops-size: 4096}", "E0208"),
            ("{iops-total: 5, iops-total-max-length: 0s}", "E0205"), ("{iops: 5}", "E0201"),
        ]
        for (limits, code) in cases {
            let codes = read("sluice: 1\nthrottle-groups: {g: \(limits)}\n").diagnostics.map(\.code)
            #expect(codes == [code], "\(limits)")
        }
        #expect(
            read("sluice: 1\nthrottle-groups: {g: {iops-read: 5, iops-write: 5}}\n").verdict
                == .valid
        )
    }

    @Test("every code that a reader can meet has a page")
    func pages() {
        let pages = DiagnosticPage.all.map(\.code)
        #expect(Set(pages).count == pages.count)
        for code in ["E0100", "E0204", "E0302", "E0305", "E0412", "E0413", "E0414", "E0601"] {
            #expect(pages.contains(code))
        }
    }
}
