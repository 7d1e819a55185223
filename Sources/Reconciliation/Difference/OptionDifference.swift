import GraphModel

/// Compares the options of one object with what they shall be.
enum OptionDifference {
    /// What differs, by the specification of each option.
    ///
    /// - Parameters:
    ///   - before: Live options.
    ///   - after: Wished options.
    ///   - specification: What a change of an option costs; `nil` for one that nobody knows.
    /// - Returns: The changes, by path.
    static func fields(
        from before: Options,
        to after: Options,
        _ specification: (String) -> (cost: ChangeCost, isSilent: Bool)?
    ) -> [FieldChange] {
        if before == after { return [] }
        var changes: [FieldChange] = []
        for key in keys(before, after) {
            let (old, new) = (before[key], after[key])
            guard old != new else { continue }
            // What nobody knows cannot be changed in place.
            let (cost, isSilent) = specification(key) ?? (.replace, false)
            append(
                key,
                old,
                new,
                FieldChange.Mode(cost),
                isSilent: isSilent,
                to: &changes
            )
        }
        return changes
    }

    private static func keys(_ before: Options, _ after: Options) -> [String] {
        Set(before.entries.map(\.key)).union(after.entries.map(\.key)).sorted()
    }

    /// Adds one change, or the changes inside two mappings.
    private static func append(
        _ path: String,
        _ before: OptionValue?,
        _ after: OptionValue?,
        _ mode: FieldChange.Mode,
        isSilent: Bool,
        to changes: inout [FieldChange]
    ) {
        if case .mapping(let old)? = before, case .mapping(let new)? = after {
            for key in keys(old, new) where old[key] != new[key] {
                append(
                    "\(path).\(key)",
                    old[key],
                    new[key],
                    mode,
                    isSilent: isSilent,
                    to: &changes
                )
            }
            return
        }
        changes.append(
            FieldChange(
                path: path,
                before: before?.json,
                after: after?.json,
                mode: mode,
                isSilent: isSilent
            )
        )
    }
}
