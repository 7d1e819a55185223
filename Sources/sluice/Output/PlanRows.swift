import GraphModel
import Reconciliation

/// One line of a plan before it is laid out.
struct PlanRow {
    /// The sign of what happens.
    let marker: String
    /// Its colour.
    let tone: Palette.Tone
    /// Kind of the object, or `edge`.
    let kind: String
    /// The object's name.
    let name: String
    /// What happens to it.
    let detail: String
    /// Where the files say so.
    let place: String
    /// Whether something goes away.
    var isRemoval = false
}

/// Turns actions into lines.
struct PlanRows {
    private let text: PlanText
    /// Nodes that seem to go on under another name, by the new one.
    private let newNames: [String: LikelyRename]
    /// Their former names.
    private let formerNames: Set<String>

    init(text: PlanText) {
        self.text = text
        let renames = text.plan.likelyRenames
        newNames = Dictionary(renames.map { ($0.new, $0) }) { first, _ in first }
        formerNames = Set(renames.map(\.former))
    }

    private var isPlain: Bool { text.isPlain }
    private var desired: GraphDescription { text.desired }

    /// The lines of one action.
    func rows(_ action: ObjectAction) -> [PlanRow] {
        let (kind, name) = ObjectKind.split(action.object) ?? (.node, action.object)
        switch action.kind {
        case .add: return addition(kind, name, action.source)
        case .remove:
            // What seems to go on under another name is shown there.
            if kind == .node, formerNames.contains(name) { return [] }
            return [row("-", .remove, kind.rawValue, name, "", action.source, isRemoval: true)]
        case .rename:
            let former = action.previous.map(PlanText.name) ?? ""
            let marker = isPlain ? "->" : "→"
            let title = "formerly \"\(former)\""
            return [row(marker, .rename, kind.rawValue, name, title, action.source)]
                + fields(of: action, kind, name)
        case .replace, .change: return fields(of: action, kind, name)
        }
    }

    private func addition(_ kind: ObjectKind, _ name: String, _ source: SourceMark?) -> [PlanRow] {
        if kind == .node, let rename = newNames[name] {
            let detail = "same image as \(rename.former), which goes; add `\(rename.line)`"
            return [row(isPlain ? "+-" : "±", .replace, kind.rawValue, name, detail, source)]
        }
        return [row("+", .add, kind.rawValue, name, addition(kind, name), source)]
    }

    private func fields(of action: ObjectAction, _ kind: ObjectKind, _ name: String) -> [PlanRow] {
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
                + " -> \(shown(field.after, field, kind, name))"
            let word = isEdge && kind == .node ? "edge" : kind.rawValue
            return row(marker, tone, word, name, detail, action.source)
        }
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
        case .node: return desired.nodes[name].map(summary) ?? ""
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

    private func summary(of node: NodeDescription) -> String {
        if let filename = node.options.text("filename") { return "\(node.driver) \(filename)" }
        let backing = node.children.first { child in
            Catalog.driver(node.driver)?.role(edge: child.edge, of: node)?.contains(.backing)
                == true
        }
        if let backing { return "\(node.driver) overlay on \(backing.node)" }
        return node.driver + (node.children.first.map { " over \($0.node)" } ?? "")
    }

    private func row(
        _ marker: String,
        _ tone: Palette.Tone,
        _ kind: String,
        _ name: String,
        _ detail: String,
        _ source: SourceMark?,
        isRemoval: Bool = false
    ) -> PlanRow {
        let place = source.map { "\(isRemoval ? "was " : "")\($0.file):\($0.line)" } ?? ""
        return PlanRow(
            marker: marker,
            tone: tone,
            kind: kind,
            name: name,
            detail: detail,
            place: place,
            isRemoval: isRemoval
        )
    }
}
