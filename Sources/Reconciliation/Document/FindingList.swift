import GraphModel

/// Findings about a configuration, as they come; a place is complained about once.
struct FindingList {
    /// Most findings that are kept; a file of a mebibyte could have as many as it has letters.
    private static let keptMax = 2_000

    private struct Spot: Hashable {
        let code: String
        let mark: SourceMark?
        let message: String
    }

    private var kept: [Diagnostic] = []
    private var seen: Set<Spot> = []
    private var dropped = 0
    /// Whether there is any error.
    private(set) var hasErrors = false
    /// Errors so far, those that were not kept included.
    private(set) var errorCount = 0

    /// How many places were complained about.
    var count: Int { seen.count }

    /// Adds a finding.
    mutating func add(_ finding: Diagnostic) {
        // What stands behind an anchor is read once for each alias; its faults are one.
        let message = finding.mark == nil ? finding.message : ""
        guard
            seen.insert(Spot(code: finding.code, mark: finding.mark, message: message)).inserted
        else { return }
        if finding.severity == .error {
            hasErrors = true
            errorCount += 1
        }
        if kept.count < Self.keptMax { kept.append(finding) } else { dropped += 1 }
    }

    /// Takes errors of a code in a file out again: they follow from what was found since.
    mutating func drop(_ code: String, in file: String) {
        let count = kept.count
        kept.removeAll { $0.code == code && $0.mark?.file == file }
        errorCount -= count - kept.count
    }

    /// Adds an error.
    mutating func error(
        _ code: String,
        _ message: String,
        at mark: SourceMark?,
        label: String = "",
        related: [Diagnostic.Related] = [],
        suggestions: [String] = [],
        help: [String] = []
    ) {
        add(
            Diagnostic(
                code: code,
                message: message,
                mark: mark,
                label: label,
                related: related,
                suggestions: suggestions,
                help: help
            )
        )
    }

    /// The first findings in order, and how many more there are.
    ///
    /// Syntax comes first, then schema, then references, then the graph; each by place.
    func ordered(files: [String], countMax: Int) -> (findings: [Diagnostic], omitted: Int) {
        var order: [String: Int] = [:]
        for (place, file) in files.enumerated() where order[file] == nil { order[file] = place }
        func key(_ finding: Diagnostic) -> (Int, Substring, Int, Int, Int) {
            let mark = finding.mark
            return (
                finding.severity == .error ? 0 : 1, finding.code.prefix(3),
                mark.flatMap { order[$0.file] } ?? -1, mark?.line ?? 0, mark?.column ?? 0
            )
        }
        let sorted = kept.sorted {
            let (left, right) = (key($0), key($1))
            return left == right
                ? ($0.code, $0.message) < ($1.code, $1.message) : left < right
        }
        return (Array(sorted.prefix(countMax)), max(0, sorted.count - countMax) + dropped)
    }
}
