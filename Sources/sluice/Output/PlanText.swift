import GraphModel
import Reconciliation

/// Writes a plan for people: what each export notices first, one line an action, then what to do.
struct PlanText {
    let plan: Plan
    let live: GraphDescription
    let desired: GraphDescription
    let fileCount: Int
    let paths: [String]
    let palette: Palette
    let isPlain: Bool

    /// Columns of an action's line.
    private static let nameCells = 16
    private static let detailCells = 38

    /// The whole text.
    var text: String {
        if plan.isEmpty {
            return
                "No changes. What is live matches the configuration (\(short(plan.desiredDigest))).\n"
        }
        var text = header + "\n"
        for block in PlanBlocks(plan: plan, live: live, desired: desired).blocks {
            text += title(of: block)
            for action in block.actions { text += lines(for: action) }
        }
        text +=
            "\nsteps   " + plan.steps.map(\.what).joined(separator: isPlain ? ", " : " · ") + "\n"
        let undone = plan.actions.filter { $0.undo != .free }
        for action in undone {
            text +=
                "undo    \(name(action.object)) \(action.undo.rawValue): "
                + "new writes land in it and are merged back before it goes\n"
        }
        text += checks + "\n"
        text += palette.paint(plan.summary, .strong) + "\n"
        if !paths.isEmpty {
            text += "Nothing was changed.  Run: sluice apply \(paths.joined(separator: " "))\n"
        }
        return text
    }

    private var header: String {
        let objects =
            desired.nodes.count + desired.exports.count + desired.listeners.count
            + desired.throttleGroups.count + desired.ioThreads.count
        return "config  \(short(plan.desiredDigest))    \(count(fileCount, "file")), "
            + "\(count(objects, "object"))\n"
            + "live    \(short(plan.liveDigest))    \(count(live.exports.count, "export"))\n"
    }

    private var checks: String {
        let removals = plan.actions.count { $0.kind == .remove }
        let guards =
            plan.protectedRemovals.isEmpty
            ? "guards ok"
            : palette.paint("protected: " + plan.protectedRemovals.joined(separator: ", "), .error)
        return "checks  permissions ok, \(guards)"
            + (removals > 0 ? " (\(count(removals, "removal")))" : "") + "\n"
    }

    private func title(of block: PlanBlocks.Block) -> String {
        let words: String
        switch block.impact {
        case .untouched?: words = "untouched"
        case .noPause?: words = "no pause"
        case .pause?: words = palette.paint("pause", .change) + " while requests in flight finish"
        case .starts?: words = "starts"
        case .stops?: words = palette.paint("stops", .remove)
        case nil: words = ""
        }
        let name = palette.paint(block.title, .strong)
        return words.isEmpty
            ? name + "\n"
            : name + String(repeating: " ", count: max(1, 9 - CellWidth.of(block.title))) + words
                + "\n"
    }

    // MARK: - Lines

    private func lines(for action: ObjectAction) -> String {
        let (kind, name) = ObjectKind.split(action.object) ?? (.node, action.object)
        switch action.kind {
        case .add: return line("+", .add, kind, name, addition(kind, name), action.source)
        case .remove:
            return line("-", .remove, kind, name, "", action.source, isFormer: true)
        case .rename:
            let former = action.previous.map(self.name) ?? ""
            return line(
                isPlain ? "->" : "→",
                .rename,
                kind,
                name,
                "formerly \"\(former)\"",
                action.source
            )
                + fields(of: action, kind, name)
        case .replace, .change: return fields(of: action, kind, name)
        }
    }

    private func fields(of action: ObjectAction, _ kind: ObjectKind, _ name: String) -> String {
        action.fields.map { field in
            let isEdge = isEdge(field, kind, name)
            let marker: String
            let tone: Palette.Tone
            if action.kind == .replace, field.mode == .replace {
                (marker, tone) = (isPlain ? "+-" : "±", .replace)
            } else if isEdge {
                (marker, tone) = (isPlain ? "<>" : "⇄", .change)
            } else {
                (marker, tone) = ("~", .change)
            }
            let detail =
                "\(field.path)\(isEdge ? ":" : "") \(shown(field.before, field, kind, name))"
                + " \(isPlain ? "->" : "→") \(shown(field.after, field, kind, name))"
            return line(marker, tone, kind, name, detail, action.source)
        }.joined()
    }

    private func isEdge(_ field: FieldChange, _ kind: ObjectKind, _ name: String) -> Bool {
        if kind == .export { return field.path == "node" }
        guard kind == .node, let driver = desired.nodes[name]?.driver else { return false }
        return Catalog.driver(driver)?.slots.contains { $0.owns(edge: field.path) } == true
    }

    private func shown(
        _ value: JSONValue?,
        _ field: FieldChange,
        _ kind: ObjectKind,
        _ name: String
    ) -> String {
        guard let value else { return "none" }
        guard let option = option(field.path, kind, name), let value = OptionValue(value) else {
            return value.shownText
        }
        return OptionText.text(of: value, kind: option.kind)
    }

    private func option(
        _ path: String,
        _ kind: ObjectKind,
        _ name: String
    ) -> OptionSpecification? {
        var options = Catalog.options(of: kind)
        if kind == .node, let driver = desired.nodes[name].flatMap({ Catalog.driver($0.driver) }) {
            options += driver.options
        }
        return options.first { $0.key == path }
    }

    private func addition(_ kind: ObjectKind, _ name: String) -> String {
        switch kind {
        case .node:
            guard let node = desired.nodes[name] else { return "" }
            let below = node.children.first.map { " over \($0.node)" } ?? ""
            return node.driver + (node.options.text("filename").map { " \($0)" } ?? below)
        case .export:
            guard let export = desired.exports[name] else { return "" }
            return "\(export.type) of \(export.node)\(export.isWritable ? "" : ", read-only")"
        case .listener: return desired.listeners[name]?.options.text("address") ?? ""
        case .throttleGroup:
            let limits = desired.throttleGroups[name]?.limits
            return Catalog.throttleLimits.compactMap { key in
                guard let limit = limits?.integer(key), limit > 0 else { return nil }
                return "\(key) \(key.hasPrefix("bps") ? OptionText.size(limit) : String(limit))"
            }.joined(separator: ", ")
        case .ioThread: return ""
        }
    }

    private func line(
        _ marker: String,
        _ tone: Palette.Tone,
        _ kind: ObjectKind,
        _ name: String,
        _ detail: String,
        _ source: SourceMark?,
        isFormer: Bool = false
    ) -> String {
        let place = source.map { "\(isFormer ? "was " : "")\($0.file):\($0.line)" } ?? ""
        let body =
            "  \(palette.paint(marker, tone)) \(kind.rawValue.padded(to: 14)) "
            + "\(name.padded(to: Self.nameCells)) "
        guard !place.isEmpty else { return (body + detail).trimmedAtEnd + "\n" }
        return body + detail.padded(to: Self.detailCells) + " " + palette.paint(place, .faint)
            + "\n"
    }

    private func name(_ object: String) -> String { ObjectKind.split(object)?.name ?? object }

    private func short(_ digest: String) -> String { String(digest.dropFirst(7).prefix(8)) }

    private func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }
}

extension String {
    /// The text without spaces at its end.
    fileprivate var trimmedAtEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
