import GraphModel
import Reconciliation

/// What libFuzzer calls with each text: from bytes to a plan, and what must hold for any bytes.
///
/// A part before a byte 0xFE is taken as live, the rest as wished, so that differences between two
/// odd graphs are planned too; no file has that byte, since it is not UTF-8.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let parts = bytes.split(separator: 0xFE, maxSplits: 1, omittingEmptySubsequences: false)
    let sides = parts.map { part in
        Configuration(texts: [ConfigurationText(path: "a.yaml", bytes: Array(part))])
    }
    for (part, side) in zip(parts, sides) {
        check(side, lines: lines(of: part))
        checkPiecewise(part, side)
    }
    guard let live = sides.first, let wished = sides.last else { return 0 }
    if live.resolved != nil, wished.resolved != nil, wished.verdict == .valid {
        let plan = Plan(live: live.description, desired: wished.description, marks: wished.marks)
        precondition(plan.isEmpty == (live.description.digest == wished.description.digest))
    }
    precondition(Plan(live: wished.description, desired: wished.description).isEmpty)
    return 0
}

private func check(_ side: Configuration, lines: Int) {
    precondition(side.diagnostics.count <= 50)
    for finding in side.diagnostics {
        precondition(!finding.code.isEmpty && !finding.message.isEmpty)
        for mark in [finding.mark] + finding.related.map(\.mark) {
            guard let mark else { continue }
            precondition(mark.line >= 1 && mark.column >= 1 && mark.line <= lines + 1)
        }
        precondition(
            DiagnosticPage.all.contains { $0.code == finding.code },
            "\(finding.code) has no page"
        )
    }
    precondition((side.verdict == .valid) == (side.resolved?.isLegal ?? false))
}

/// A file that is read entry by entry says what it says when it is read whole.
private func checkPiecewise(_ part: ArraySlice<UInt8>, _ whole: Configuration) {
    var limits = DocumentLimits()
    limits.piecewiseBytesMin = 0
    let pieces = Configuration(
        texts: [ConfigurationText(path: "a.yaml", bytes: Array(part))],
        limits: limits
    )
    precondition(pieces.diagnostics == whole.diagnostics)
    precondition(pieces.description == whole.description)
    for name in whole.description.nodes.keys {
        precondition(pieces.marks.mark(.node, name) == whole.marks.mark(.node, name))
    }
}

/// Line ends, a carriage return and a line feed counted as one each at most.
private func lines(of part: ArraySlice<UInt8>) -> Int {
    part.count { $0 == 0x0A || $0 == 0x0D } + 1
}
