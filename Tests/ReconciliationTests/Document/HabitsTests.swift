import GraphModel
import Reconciliation
import Testing

@Suite("Habits")
struct HabitsTests {
    @Test("an empty file name is a fault of the file", arguments: ["file", "host_device"])
    func emptyFilename(driver: String) throws {
        let found = findings(read("sluice: 1\nnodes:\n  f: {driver: \(driver), filename: ''}\n"))
        #expect(found == ["3:\(driver.utf8.count + 27) E0208"])
    }

    @Test(
        "read-only is advised only where it takes the wish to write away",
        arguments: [
            ("qcow2, backing: null", true), ("qcow2, backing: null, data-file: null", true),
            ("copy-on-read", false), ("copy-on-read, read-only: true", false),
        ]
    )
    func readOnlyBelow(driver: String, isAdvised: Bool) throws {
        let text =
            "sluice: 1\nnodes:\n  f: {driver: null-co, read-only: true}\n"
            + "  n: {driver: \(driver), file: f}\n"
        let diagnostic = try #require(read(text).diagnostics.first)
        #expect(diagnostic.code == "E0413")
        let advice = "write read-only: true here as well, or let node f be written"
        #expect(diagnostic.help == [isAdvised ? advice : "let node f be written"])
    }

    @Test(
        "a cache mode of QEMU is answered with the options that mean it",
        arguments: [
            ("writeback", "no-flush: false"), ("none", "{direct: true}"),
            ("unsafe", "{no-flush: true}"), ("writethrough", "FUA"), ("directsync", "FUA"),
            ("fast", "{direct: ..., no-flush: ...}"),
        ]
    )
    func cacheModes(mode: String, said: String) throws {
        let text = "sluice: 1\nnodes:\n  n: {driver: null-co, cache: \(mode)}\n"
        let found = read(text)
        let diagnostic = try #require(found.diagnostics.first)
        #expect(found.diagnostics.count == 1)
        #expect(diagnostic.code == "E0204")
        #expect(diagnostic.help.joined().contains(said))
    }

    @Test(
        "a field that has another name elsewhere is told once, and not as missing too",
        arguments: [
            ("{driver: file, path: a}", "it is called filename here"),
            ("{driver: blkdebug, file: n}", "it is called image here"),
            ("{driver: qcow2, image: n, backing: null}", "it is called file here"),
            ("{driver: raw, filename: a}", "file: {driver: file, filename: PATH}"),
            ("{driver: throttle, file: n, group: g}", "it is called throttle-group here"),
            ("{driver: file, file: n}", "it is called filename here"),
            ("{type: file, filename: a}", "it is called driver here"),
            ("{driver: nbd, host: h}", "server: {type: inet, host: h}"),
            ("{driver: nbd, path: /s}", "server: {type: unix, path: /s}"),
            ("{driver: file, filename: a, size: 1GiB}", "create: {size: 1GiB}"),
            ("{driver: null-co, no-flush: true}", "cache: {no-flush: true}"),
        ]
    )
    func otherNames(node: String, said: String) {
        let found = read("sluice: 1\nnodes:\n  n: {driver: null-co}\n  f: \(node)\n").diagnostics
        #expect(found.map(\.code) == ["E0201"], "\(found.map(\.message))")
        #expect(found.first?.help.joined().contains(said) == true)
    }

    @Test(
        "a value that is nearly right is answered with the one that is",
        arguments: [
            ("{driver: null-co, size: 1.5GiB}", "1536MiB"),
            ("{driver: null-co, size: 0.5 TB}", "512GiB"),
            ("{driver: file, filename: a, locking: true}", "on"),
            ("{driver: file, filename: a, detect-zeroes: no}", "off"),
            ("{driver: file, filename: a, discard: on}", "unmap"),
            ("{driver: file, filename: a, discard: off}", "ignore"),
            ("{driver: file, filename: a, aio: native}", "io_uring"),
            ("{driver: NULL-CO}", "null-co"),
            ("{driver: null-co, latency: 5 seconds}", "5s"),
            ("{driver: null-co, latency: 1.5s}", "1500ms"),
            ("{driver: null-co, latency: 2 min}", "2m"),
            (
                "{driver: qcow2, file: {driver: file, filename: a}, backing: null, create: 1GiB}",
                "{size: 1GiB}"
            ),
        ]
    )
    func nearlyRight(node: String, meant: String) throws {
        let found = read("sluice: 1\nnodes:\n  n: \(node)\n").diagnostics
        let diagnostic = try #require(found.first)
        #expect(found.count == 1)
        #expect(diagnostic.suggestions == [meant])
    }

    @Test("a fraction of a size that is no whole number of bytes is not guessed at")
    func oddFractions() throws {
        for size in ["1.1GiB", "1.5.5GiB", ".", ".GiB", "1.5", "99999999.5PiB"] {
            let found = read("sluice: 1\nnodes:\n  n: {driver: null-co, size: \(size)}\n")
            let diagnostic = try #require(found.diagnostics.first)
            #expect(diagnostic.suggestions.isEmpty, "\(size)")
        }
    }

    @Test(
        "what is missing is told with a line to write",
        arguments: [
            ("nodes:\n  n:\n    driver:file\n    filename:a\n", "a colon and a space"),
            (
                "nodes:\n  n: {driver: qcow2, file: f, backing: false}\n  f: {driver: null-co}\n",
                "null is none"
            ),
            (
                "nodes:\n  n: {driver: null-co}\nexports:\n  e: {type: nbd, node: n}\n",
                "declare one"
            ),
            (
                "listeners:\n  l: {type: nbd, address: 'unix:/s'}\nnodes:\n  n: {driver: null-co}\nexports:\n  e: {node: n}\n",
                "write type: nbd"
            ),
            (
                "listeners:\n  l: {type: nbd, address: 'unix:/s'}\nnodes:\n  n: {driver: null-co}\nexports:\n  e: {type: nbd, node: n, read-only: true}\n",
                "writable: false"
            ),
        ]
    )
    func remedies(text: String, said: String) throws {
        let found = read("sluice: 1\n" + text).diagnostics
        let diagnostic = try #require(found.first)
        #expect(found.count == 1)
        #expect(diagnostic.help.joined().contains(said), "\(diagnostic.help)")
    }
}
