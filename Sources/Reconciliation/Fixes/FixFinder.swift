import GraphModel

/// Looks for edits that mend findings, and tries each on a copy of the files.
package struct FixFinder {
    /// What may be written, before it is tried.
    struct Candidate {
        let title: String
        let what: String
        let edits: [TextEdit]
        var caution = ""
    }

    /// Most bytes that are read again for all tries together.
    private static let bytesMax = 64 << 20
    /// Most findings whose fixes are looked for.
    private static let findingsMax = 20

    let configuration: Configuration
    let text: ObjectText
    private let texts: [ConfigurationText]
    private let limits: DocumentLimits
    private var bytesLeft = bytesMax
    private var list = FixList()

    private init(
        _ configuration: Configuration,
        _ texts: [ConfigurationText],
        _ limits: DocumentLimits
    ) {
        self.configuration = configuration
        self.texts = texts
        self.limits = limits
        text = ObjectText(texts, marks: configuration.marks)
    }

    /// Fixes of all findings of a configuration.
    ///
    /// - Parameters:
    ///   - configuration: What was read.
    ///   - texts: The files.
    ///   - limits: How much is taken.
    ///   - plan: The plan, when there is one; renames that it recognises have fixes too.
    /// - Returns: Fixes that were tried and help, and titles of those that do not.
    package static func fixes(
        of configuration: Configuration,
        texts: [ConfigurationText],
        limits: DocumentLimits = DocumentLimits(),
        plan: Plan? = nil
    ) -> FixList {
        var finder = FixFinder(configuration, texts, limits)
        for finding in configuration.diagnostics.prefix(findingsMax) { finder.mend(finding) }
        if let plan { finder.mendRenames(plan) }
        return finder.list
    }

    private mutating func mend(_ finding: Diagnostic) {
        guard finding.severity == .error else { return }
        let conflict = conflict(of: finding)
        let candidates =
            conflict.map(candidates) ?? violation(of: finding).map(candidates)
            ?? missingListener(of: finding) ?? spellings(of: finding)
        var fixes: [ProposedFix] = []
        var failed: [String] = []
        for candidate in candidates where !fixes.contains(where: { $0.edits == candidate.edits }) {
            if let fix = attempt(candidate, finding) {
                fixes.append(fix)
            } else if !failed.contains(candidate.title) {
                failed.append(candidate.title)
            }
        }
        // A way that helps under another name is no failure.
        failed.removeAll { title in fixes.contains { $0.title == title } }
        list.add(finding, conflict, fixes, failed: conflict == nil ? [] : failed)
    }

    /// Writes the candidate into a copy of the files and reads them again.
    private mutating func attempt(_ candidate: Candidate, _ finding: Diagnostic) -> ProposedFix? {
        guard let edited = edited(candidate.edits) else { return nil }
        let read = Configuration(texts: edited, limits: limits)
        let before = Self.errors(of: configuration)
        let after = Self.errors(of: read)
        let isGone = !after.contains("\(finding.code) \(finding.message)")
        // A misspelt word may have hidden other faults; an edit of the graph must make none.
        let isClean =
            finding.isAboutPermissions
            ? after.isSubset(of: before) : !after.contains { $0.hasPrefix("E01") }
        guard isGone, isClean else { return nil }
        return ProposedFix(
            title: candidate.title,
            what: candidate.what,
            edits: candidate.edits,
            caution: candidate.caution,
            isWhole: read.verdict == .valid
        )
    }

    private static func errors(of configuration: Configuration) -> Set<String> {
        Set(
            configuration.diagnostics.filter { $0.severity == .error }
                .map { "\($0.code) \($0.message)" }
        )
    }

    /// The files with edits in them; `nil` when that cannot be, or was tried often enough.
    private mutating func edited(_ edits: [TextEdit]) -> [ConfigurationText]? {
        guard !edits.isEmpty else { return nil }
        bytesLeft -= texts.reduce(0) { $0 + $1.bytes.count }
        guard bytesLeft > 0 else { return nil }
        return Self.apply(edits, to: texts)
    }

    /// Makes edits in files.
    ///
    /// - Parameters:
    ///   - edits: Edits that do not overlap.
    ///   - texts: The files.
    /// - Returns: All files, edited or not; `nil` when an edit is in none of them.
    package static func apply(
        _ edits: [TextEdit],
        to texts: [ConfigurationText]
    ) -> [ConfigurationText]? {
        var done = 0
        var result: [ConfigurationText] = []
        for text in texts {
            let own = edits.filter { $0.mark.file == text.path }
            guard !own.isEmpty else {
                result.append(text)
                continue
            }
            guard let bytes = TextEdit.apply(own, to: text.bytes) else { return nil }
            done += own.count
            result.append(ConfigurationText(path: text.path, bytes: bytes))
        }
        return done == edits.count ? result : nil
    }

    /// An export has no listener and could have one of several: its name is no misspelt word.
    private func missingListener(of finding: Diagnostic) -> [Candidate]? {
        guard finding.code == "E0307", let mark = finding.mark else { return nil }
        let exports = configuration.description.exports.keys.map { ObjectKind.export.object($0) }
        guard let export = exports.first(where: { configuration.marks.objects[$0] == mark }) else {
            return nil
        }
        return finding.suggestions.compactMap { listener in
            let entry = "listener: \(listener)"
            guard let edit = text.insertion(of: entry, into: export) else { return nil }
            return Candidate(title: "serve on \(listener)", what: entry, edits: [edit])
        }
    }

    /// Words that somebody may have meant.
    private func spellings(of finding: Diagnostic) -> [Candidate] {
        guard let mark = finding.mark, mark.length > 0 else { return [] }
        return finding.suggestions.map { word in
            Candidate(
                title: "write \(word)",
                what: word,
                edits: [TextEdit(mark: mark, text: word)]
            )
        }
    }

    private mutating func mendRenames(_ plan: Plan) {
        for rename in plan.likelyRenames {
            let object = ObjectKind.node.object(rename.new)
            let note = plan.advice.first {
                $0.code == "W0307" && $0.mark == configuration.marks.objects[object]
            }
            guard let note, let edit = text.insertion(of: rename.line, into: object),
                let edited = edited([edit])
            else { continue }
            let read = Configuration(texts: edited, limits: limits)
            guard read.verdict == .valid,
                Plan(live: plan.live, desired: read.description).formerNames[rename.new]
                    == rename.former
            else { continue }
            let fix = ProposedFix(
                title: "rename",
                what: rename.line,
                edits: [edit],
                caution: "",
                isWhole: true
            )
            list.add(note, nil, [fix], failed: [])
        }
    }
}
