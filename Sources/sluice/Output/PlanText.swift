import GraphModel
import Reconciliation

/// Writes a plan for people: what each export notices first, one line an action, then what to do.
///
/// The same plan gives the same bytes; only the width of a terminal changes where lines break.
struct PlanText {
    let plan: Plan
    let live: GraphDescription
    let desired: GraphDescription
    let fileCount: Int
    let paths: [String]
    let palette: Palette
    let isPlain: Bool
    /// What is live, in a word: `@41`, or a path.
    var liveTitle = ""
    /// Connected clients by export, when somebody knows.
    var clients: [String: Int]?
    /// How long a drained export is expected to pause, when somebody knows.
    var forecast: PauseForecast?
    /// What came of the guards.
    var guards: [GuardResult] = []
    /// Whether users of nodes do not go together.
    var hasConflict = false
    /// Whether what does not change is shown as well.
    var isFull = false
    /// Cells of the terminal; `nil` when it is none.
    var columns: Int?
    /// Lines of the terminal; `nil` when it is none.
    var rows: Int?
    /// Where the plan was saved.
    var savedTo: String?
    /// Kinds of actions that are shown; all when there are none.
    var kinds: Set<ObjectAction.Kind> = []

    /// The whole text.
    var text: String {
        let identity = plan.identity
        if plan.isEmpty {
            let name = liveTitle.isEmpty ? "Live" : "Live \(liveTitle)"
            return "No changes. \(name) matches \(Self.short(identity.desiredDigest)).\n"
        }
        let writer = PlanRows(text: self)
        let blocks = PlanBlocks(plan: plan, live: live, desired: desired).blocks.map { block in
            (block: block, rows: block.actions.filter(isShown).flatMap(writer.rows))
        }
        let table = PlanTable(rows: blocks.flatMap(\.rows), columns: columns, palette: palette)
        var text = header(identity) + "\n"
        var dangers: [String] = []
        for (block, rows) in blocks where !rows.isEmpty || block.impact != nil {
            let title = title(of: block)
            let lines = rows.map { table.text(of: $0) }
            text += title + lines.joined()
            if block.impact == .pause { dangers.append(title) }
            dangers += zip(rows, lines).filter { $0.0.isRemoval }.map(\.1)
        }
        if isFull { text += untouched }
        text += "\n" + labelled("steps", plan.steps.map(\.what))
        text += undo + labelled("checks", checks) + "\n"
        let summary = PlanTable.wrapped(plan.summary + longest, indent: 0, columns: columns)
        text += palette.paint(summary, .strong) + "\n"
        if let rows, text.count(where: { $0 == "\n" }) > rows { text += dangers.joined() }
        return text + PlanTable.wrapped(footer(identity), indent: 0, columns: columns)
    }

    private func isShown(_ action: ObjectAction) -> Bool {
        kinds.isEmpty || kinds.contains(action.kind)
    }

    private func header(_ identity: Plan.Identity) -> String {
        let config = Self.short(identity.desiredDigest)
        let origin = Self.short(identity.liveDigest)
        let objects = desired.objects.count
        let serving = live.exports.count
        let left = max(config.count, liveTitle.count)
        let sizes =
            fileCount > 0
            ? "\(Self.count(fileCount, "file")), \(Self.count(objects, "object"))"
            : Self.count(objects, "object")
        let first = liveTitle.isEmpty ? origin : liveTitle
        let second = liveTitle.isEmpty ? "" : origin
        return "config  \(config.padded(to: left))  \("".padded(to: 8))  \(sizes)\n"
            + "live    \(first.padded(to: left))  \(second.padded(to: 8))  "
            + "\(Self.count(serving, "export"))\(clients == nil ? "" : " serving")\n"
    }

    private func title(of block: PlanBlocks.Block) -> String {
        let words: String
        switch block.impact {
        case .untouched?: words = "untouched"
        case .noPause?: words = "no pause"
        case .pause?: words = palette.paint("pause", .change) + Self.pauseWords(forecast)
        case .starts?: words = "starts"
        case .stops?: words = palette.paint("stops", .remove)
        case nil: words = ""
        }
        let name = palette.paint(block.title, .strong)
        let line = [words, audience(of: block)].filter { !$0.isEmpty }.joined(separator: ", ")
        let gap = String(repeating: " ", count: max(1, 9 - CellWidth.of(block.title)))
        return line.isEmpty ? name + "\n" : name + gap + line + "\n"
    }

    /// Who is connected, when somebody knows.
    private func audience(of block: PlanBlocks.Block) -> String {
        guard let clients else { return "" }
        if block.title == "removed", block.impact == nil {
            let gone = plan.exports.filter { $0.impact == .stops }
            let count = gone.reduce(0) { $0 + clients[$1.name, default: 0] }
            return gone.isEmpty ? "" : count == 0 ? "no clients" : Self.count(count, "client")
        }
        guard block.impact == .noPause || block.impact == .pause else { return "" }
        let count = clients[block.title, default: 0]
        return count == 0 ? "" : "\(Self.count(count, "client")) \(count == 1 ? "stays" : "stay")"
    }

    /// The longest pause of any export, when it is known.
    private var longest: String {
        guard let forecast, !plan.drainedExports.isEmpty else { return "" }
        return " Longest pause ~\(Self.time(forecast.expectedNanoseconds))."
    }

    private var untouched: String {
        let names = plan.exports.filter { $0.impact == .untouched }.map(\.name)
        return names.isEmpty ? "" : "untouched  " + names.joined(separator: ", ") + "\n"
    }

    private var undo: String {
        plan.actions.filter { $0.undo != .free }.map { action in
            labelled(
                "undo",
                [
                    "\(Self.name(action.object)) \(action.undo.rawValue): "
                        + Self.meaning(of: action.undo)
                ]
            )
        }.joined()
    }

    private static func meaning(of undo: ObjectAction.Undo) -> String {
        switch undo {
        case .free: "nothing is lost"
        case .mergeBack: "new writes land in it and are merged back before it goes"
        case .oneWay:
            "it grows and does not shrink again; clients see the new size when they connect anew"
        }
    }

    private var checks: [String] {
        let removals = plan.actions.count { $0.kind == .remove }
        let permissions =
            hasConflict ? palette.paint("permissions conflict", .error) : "permissions ok"
        let broken = guards.compactMap(\.finding).map(\.message) + plan.refusals.map(\.message)
        let counted = removals > 0 ? " (\(Self.count(removals, "removal")))" : ""
        guard !broken.isEmpty else { return [permissions, "guards ok\(counted)"] }
        return [permissions] + broken.map { palette.paint($0, .error) }
    }

    private func labelled(_ label: String, _ words: [String]) -> String {
        let separator = isPlain ? ", " : " · "
        let text = label.padded(to: 8) + words.joined(separator: separator)
        return PlanTable.wrapped(text, indent: 8, columns: palette.isOn ? nil : columns) + "\n"
    }

    private func footer(_ identity: Plan.Identity) -> String {
        if let savedTo {
            return "Nothing was changed.  Saved: \(savedTo) (\(Self.short(identity.id))).  "
                + "Run: sluice apply \(savedTo)\n"
        }
        guard !paths.isEmpty else { return "" }
        return "Nothing was changed.  Run: sluice apply \(paths.joined(separator: " "))\n"
    }

    static func name(_ object: String) -> String { ObjectKind.split(object)?.name ?? object }

    /// How long a pause is, as far as that is known.
    static func pauseWords(_ forecast: PauseForecast?) -> String {
        guard let forecast else { return " while requests in flight finish" }
        let longest = time(forecast.boundNanoseconds)
        return " ~\(time(forecast.expectedNanoseconds)) (at most \(longest))"
    }

    /// A time in seconds or in milliseconds, with one place after the point where that matters.
    private static func time(_ nanoseconds: UInt64) -> String {
        if nanoseconds >= 1_000_000_000, nanoseconds % 1_000_000_000 == 0 {
            return "\(nanoseconds / 1_000_000_000) s"
        }
        let tenths = max(1, (nanoseconds + 50_000) / 100_000)
        return tenths >= 100 || tenths % 10 == 0
            ? "\(tenths / 10) ms" : "\(tenths / 10).\(tenths % 10) ms"
    }

    static func short(_ digest: String) -> String { String(digest.dropFirst(7).prefix(8)) }

    static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }
}
