package import GraphModel

/// A change of the files that was tried on a copy of them and mends a finding.
package struct ProposedFix: Hashable, Sendable {
    /// A few words: `read only`.
    package let title: String
    /// What is written, for people: `writable: false`.
    package let what: String
    /// What is written where.
    package let edits: [TextEdit]
    /// What a person should know before.
    package let caution: String
    /// Whether nothing is wrong with the configuration any more.
    package let isWhole: Bool

    /// Where the first edit is.
    package var place: SourceMark? { edits.first?.mark }

    /// The fix as JSON.
    package var json: JSONValue {
        [
            "title": .text(title), "what": .text(what), "edits": .list(edits.map(\.json)),
            "caution": .text(caution), "passes": .flag(isWhole),
        ]
    }
}

/// Fixes of a configuration, numbered from 1 over all its findings.
package struct FixList: Sendable {
    /// Fixes of one finding.
    package struct Entry: Sendable {
        /// The finding.
        package let finding: Diagnostic
        /// The conflict that it is about, for one that is about a conflict.
        package let conflict: PermissionConflict?
        /// Number of the first of its fixes.
        package let firstNumber: Int
        /// What mends it.
        package let fixes: [ProposedFix]
        /// Titles of what was tried and does not help.
        package let failed: [String]
    }

    /// Findings that have fixes, or of which some were tried.
    package private(set) var entries: [Entry] = []

    /// No fixes.
    package init() {}

    /// All fixes, in the order of their numbers.
    package var all: [ProposedFix] { entries.flatMap(\.fixes) }

    /// The fixes of a conflict.
    package func fixes(of conflict: PermissionConflict) -> [ProposedFix] {
        entries.first { $0.conflict == conflict }?.fixes ?? []
    }

    /// The entry of a finding.
    package func entry(of finding: Diagnostic) -> Entry? {
        entries.first { $0.finding == finding }
    }

    mutating func add(
        _ finding: Diagnostic,
        _ conflict: PermissionConflict?,
        _ fixes: [ProposedFix],
        failed: [String]
    ) {
        guard !fixes.isEmpty || !failed.isEmpty else { return }
        entries.append(
            Entry(
                finding: finding,
                conflict: conflict,
                firstNumber: all.count + 1,
                fixes: fixes,
                failed: failed
            )
        )
    }
}
