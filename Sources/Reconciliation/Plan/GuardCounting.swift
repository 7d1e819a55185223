import GraphModel

/// What a guard is called, and how much it lets pass.
struct GuardRule {
    let name: String
    let code: String
    let limit: Int

    init(_ name: String, _ code: String, limit: Int) {
        self.name = name
        self.code = code
        self.limit = limit
    }
}

/// Counts what a guard is about, and asks which of it was allowed.
struct GuardCounting {
    /// Most names that a sentence lists.
    private static let namesShownMax = 8

    let allowed: Set<String>
    let marks: GraphMarks

    /// What came of a guard that is about these objects.
    func result(
        _ rule: GuardRule,
        of objects: [String],
        actual: Int? = nil,
        _ message: String,
        _ advice: String? = nil
    ) -> GuardResult {
        let missing = objects.filter { !allowed.contains($0) && !allowed.contains(Self.name($0)) }
        let actual = actual ?? objects.count
        let isOk = actual <= rule.limit || missing.isEmpty
        return GuardResult(
            name: rule.name,
            isOk: isOk,
            limit: rule.limit,
            actual: actual,
            missing: isOk ? [] : missing.map(Self.name),
            finding: isOk ? nil : finding(rule, missing, message, advice)
        )
    }

    private func finding(
        _ rule: GuardRule,
        _ missing: [String],
        _ message: String,
        _ advice: String?
    ) -> Diagnostic {
        let shown = missing.prefix(Self.namesShownMax).map(Self.name)
        let hidden = missing.count - shown.count
        let rest = hidden > 0 ? " and \(hidden) more" : ""
        let names = advice == nil ? " (\(shown.joined(separator: ", "))\(rest))" : ""
        let flags = shown.map { " --allow-remove \($0)" }.joined()
        let more = hidden > 0 ? " and so on for \(hidden) more" : ""
        let places = missing.prefix(Self.namesShownMax).compactMap { object in
            marks.objects[object].map { (object: object, mark: $0) }
        }
        return Diagnostic(
            code: rule.code,
            message: message + names,
            mark: places.first?.mark,
            label: places.isEmpty ? "" : "live as it was declared here",
            related: places.dropFirst().map {
                Diagnostic.Related(message: "\($0.object) would go as well", mark: $0.mark)
            },
            help: (advice.map { [$0] } ?? [])
                + ["when this is meant, run: sluice apply PATH\(flags)\(more)"]
        )
    }

    private static func name(_ object: String) -> String {
        ObjectKind.split(object)?.name ?? object
    }
}
