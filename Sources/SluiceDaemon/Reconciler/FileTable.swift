internal import ControlAPI
internal import GraphModel

/// Which file is live in which generation, and why one is not.
package struct FileTable: Hashable, Sendable {
    /// One file of the sources.
    package struct Row: Hashable, Sendable {
        /// How a file fares.
        package enum State: String, Sendable {
            /// What it says is live.
            case live
            /// It is refused itself.
            case rejected
            /// It is not live because something else is in the way.
            case waiting
        }

        /// Its path.
        package let path: String
        /// Digest of its bytes; `nil` when the file is gone and what it said is still live.
        package let digest: String?
        /// How it fares.
        package let state: State
        /// Since which generation what is live of it is live; `nil` when nothing is.
        package let liveGeneration: UInt64?
        /// Why it is not live; empty when it is.
        package let why: String
    }

    private struct Live: Hashable, Sendable {
        let digest: String
        let generation: UInt64
    }

    private var newest: [String: String] = [:]
    private var live: [String: Live] = [:]

    /// Takes note of the newest files: their digests by path.
    mutating func find(_ digests: [String: String]) { newest = digests }

    /// Takes note that what the newest files say is live.
    mutating func accept(generation: UInt64) {
        live = newest.reduce(into: [:]) { accepted, file in
            let before = live[file.key]
            accepted[file.key] =
                before?.digest == file.value
                ? before : Live(digest: file.value, generation: generation)
        }
    }

    /// A row for each file, by path.
    ///
    /// - Parameters:
    ///   - verdict: What came of the newest files.
    ///   - diagnostics: What is wrong with them.
    /// - Returns: Rows; a file that is gone has one as long as what it said is live.
    func rows(_ verdict: Verdict, _ diagnostics: [Diagnostic]) -> [Row] {
        var faults: [String: Diagnostic] = [:]
        for finding in diagnostics where finding.severity == .error {
            guard let path = finding.mark?.file, faults[path] == nil else { continue }
            faults[path] = finding
        }
        let isRejection = verdict.exit == .invalid || verdict.exit == .conflict
        return Set(newest.keys).union(live.keys).sorted().map { path in
            let digest = newest[path]
            let fault = faults[path]
            let isLive = digest == live[path]?.digest && !Reconciler.isByHand(verdict)
            let state: Row.State =
                fault != nil && isRejection ? .rejected : isLive && fault == nil ? .live : .waiting
            return Row(
                path: path,
                digest: digest,
                state: state,
                liveGeneration: live[path]?.generation,
                why: state == .live
                    ? ""
                    : fault.map(Self.words)
                        ?? (isRejection ? held(by: faults, digest) : verdict.message)
            )
        }
    }

    private static func words(_ finding: Diagnostic) -> String {
        finding.code + (finding.mark.map { " at \($0.line):\($0.column)" } ?? "")
    }

    private func held(by faults: [String: Diagnostic], _ digest: String?) -> String {
        let kind = digest == nil ? "gone" : "valid"
        guard let first = faults.keys.min() else { return "\(kind); held back by the others" }
        let more = faults.count > 1 ? " and \(faults.count - 1) more" : ""
        let name = first.split(separator: "/").last ?? ""
        return "\(kind); held back by \(name)\(more) (same transaction)"
    }
}

extension Reconciler {
    /// Whether what is live was applied by hand, whatever the files say.
    static func isByHand(_ verdict: Verdict) -> Bool { handReasons.contains(verdict.reason) }
}
