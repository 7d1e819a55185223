/// A client on its way to a loop: from the handshake, or from the loop it was served on.
struct NBDPassage: Sendable {
    /// Its socket; whoever has the passage owns it.
    let fd: Int32
    /// What was agreed.
    let agreement: NBDAgreement
    /// Its place among the clients of listener and export.
    let visit: NBDVisit
    /// What it has sent and nobody has served.
    var input: [UInt8] = []
    /// What it shall get first.
    var output: [UInt8] = []
    /// Since when a pause holds up what it has sent, in loop time; 0 without a pause.
    var heldSinceNanoseconds: UInt64 = 0
}

/// A client's place among those of its listener and its export; given up when nobody holds it.
final class NBDVisit: Sendable {
    /// The export that is visited.
    let export: NBDExport
    private let number: UInt64
    private let admission: NBDAdmission

    /// A place that the export gave.
    init(export: NBDExport, number: UInt64, admission: NBDAdmission) {
        self.export = export
        self.number = number
        self.admission = admission
    }

    deinit { export.visitEnded(number) }
}
