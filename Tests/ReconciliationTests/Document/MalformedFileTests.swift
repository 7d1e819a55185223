import Reconciliation
import Testing

/// A text that is wrong, and where each finding about it points.
struct MalformedFile: CustomTestStringConvertible, Sendable {
    /// The text.
    let text: String
    /// `line:column code` of each finding, in order.
    let findings: [String]

    init(_ text: String, _ findings: String...) {
        self.text = text
        self.findings = findings
    }

    var testDescription: String { String(text.suffix(60)) }
}

@Suite("Malformed files")
struct MalformedFileTests {
    @Test("syntax: a fault is found where it stands, and nothing that follows from it")
    func syntax() { check(MalformedFile.syntax) }

    @Test("options: a fault is found where it stands, and nothing that follows from it")
    func options() { check(MalformedFile.options + MalformedFile.drivers + MalformedFile.services) }

    @Test("names and graphs: a fault is found where it stands, and nothing that follows from it")
    func names() { check(MalformedFile.names) }

    @Test("there are hundreds of them, each another one")
    func count() {
        let all =
            MalformedFile.syntax + MalformedFile.options + MalformedFile.drivers
            + MalformedFile.services + MalformedFile.names
        #expect(Set(all.map(\.text)).count == all.count)
        #expect(all.count >= 300)
    }

    private func check(_ files: [MalformedFile]) {
        for file in files {
            let (whole, pieces) = (read(file.text), read(file.text, piecewiseBytesMin: 0))
            #expect(findings(whole) == file.findings, "\(file.text.debugDescription)")
            #expect(pieces.diagnostics == whole.diagnostics, "\(file.text.debugDescription)")
        }
    }
}
