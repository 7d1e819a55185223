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
}
