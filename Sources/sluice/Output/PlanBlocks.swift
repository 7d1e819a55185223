import GraphModel
import Reconciliation

/// A plan's actions in blocks: by the export that they concern, riskiest last, then what goes.
struct PlanBlocks {
    /// Actions under one title.
    struct Block {
        /// An export's name, or a word.
        let title: String
        /// What the export notices; `nil` for other blocks.
        let impact: ExportImpact.Impact?
        /// The actions.
        var actions: [ObjectAction] = []
    }

    private let plan: Plan
    private let live: GraphDescription
    private let desired: GraphDescription

    init(plan: Plan, live: GraphDescription, desired: GraphDescription) {
        self.plan = plan
        self.live = live
        self.desired = desired
    }

    /// The blocks in the order in which they are shown.
    var blocks: [Block] {
        let owners = owners
        var byExport: [String: Block] = [:]
        for export in plan.exports where export.impact != .untouched && export.impact != .stops {
            byExport[export.name] = Block(title: export.name, impact: export.impact)
        }
        var shared = Block(title: "shared", impact: nil)
        var other = Block(title: "other", impact: nil)
        var removed = Block(title: "removed", impact: nil)
        for action in plan.actions {
            let users = (owners[action.object] ?? []).filter { byExport[$0] != nil }
            if action.kind == .remove {
                removed.actions.append(action)
            } else if users.count == 1, let user = users.first {
                byExport[user]?.actions.append(action)
            } else if users.isEmpty {
                other.actions.append(action)
            } else {
                shared.actions.append(action)
            }
        }
        let order: [ExportImpact.Impact] = [.starts, .noPause, .pause]
        let exports = order.flatMap { impact in
            byExport.values.filter { $0.impact == impact }.sorted { $0.title < $1.title }
        }
        return [other, shared].filter { !$0.actions.isEmpty } + exports
            + [removed].filter { !$0.actions.isEmpty }
    }

    /// Exports that reach each object of the wished graph, up to two: more are "shared" as well.
    private var owners: [String: [String]] {
        var owners: [String: [String]] = [:]
        func note(_ object: String, _ export: String) -> Bool {
            let known = owners[object] ?? []
            if known.count > 1 || known.contains(export) { return false }
            owners[object] = known + [export]
            return true
        }
        for export in desired.exports.values.sorted(by: { $0.name < $1.name }) {
            _ = note(ObjectKind.export.object(export.name), export.name)
            _ = note(ObjectKind.listener.object(export.listener), export.name)
            for thread in export.ioThreads {
                _ = note(ObjectKind.ioThread.object(thread), export.name)
            }
            var pending = [export.node]
            while let name = pending.popLast() {
                guard note(ObjectKind.node.object(name), export.name),
                    let node = desired.nodes[name]
                else { continue }
                if let group = node.options.text("throttle-group") {
                    _ = note(ObjectKind.throttleGroup.object(group), export.name)
                }
                pending += node.children.map(\.node)
            }
        }
        return owners
    }
}
