internal import BlockGraph
internal import GraphModel

/// The answer of `show`: the live graph with everything about it, in an order that never changes.
///
/// What moves without a change of the graph is in members `counters` and `clients`.
struct GraphReport {
    let generation: UInt64
    let digest: String
    let snapshot: GraphSnapshot

    private var live: GraphDescription { snapshot.resolved.description }

    /// The answer as JSON.
    var json: JSONValue {
        let plain = live.json
        return [
            "format": "sluice.show/1", "generation": .integer(Int64(clamping: generation)),
            "digest": .text(digest), "iothreads": plain["iothreads"] ?? .null,
            "throttle-groups": plain["throttle-groups"] ?? .null,
            "listeners": plain["listeners"] ?? .null,
            "nodes": .list(live.nodes.keys.sorted().compactMap(node)),
            "edges": .list(snapshot.resolved.edges.map(\.json)),
            "exports": .list(live.exports.keys.sorted().compactMap(export)),
        ]
    }

    private func node(_ name: String) -> JSONValue? {
        guard let node = live.nodes[name] else { return nil }
        let masks = snapshot.resolved.cumulative(of: name)
        let state = snapshot.nodes[name]
        return [
            "name": .text(name), "driver": .text(node.driver), "options": node.options.json,
            "children": .object(
                node.children.map { JSONValue.Member($0.edge, .text($0.node)) }
            ),
            "masks": .text(masks.description), "limits": state?.json ?? .null,
            "threads": JSONValue(texts: state?.threads.sorted() ?? []),
        ]
    }

    private func export(_ name: String) -> JSONValue? {
        guard let export = live.exports[name] else { return nil }
        let state = snapshot.exports[name]
        return [
            "name": .text(name), "type": .text(export.type), "node": .text(export.node),
            "listener": .text(export.listener), "options": export.options.json,
            "threads": JSONValue(texts: state?.threads ?? []),
            "clients": .list(state?.handler.clients.map(\.json) ?? []),
            "counters": state?.tally.json ?? .null,
        ]
    }
}

extension ResolvedEdge {
    /// The edge with its masks in short form.
    fileprivate var json: JSONValue {
        [
            "parent": .text(parent), "name": .text(edge), "child": .text(child),
            "role": .text(role.word), "used": .text(masks.used.description),
            "shared": .text(masks.shared.description),
        ]
    }
}

extension GraphSnapshot.NodeState {
    /// The limits, sizes in bytes.
    fileprivate var json: JSONValue {
        [
            "size": .integer(Int64(clamping: sizeBytes)),
            "alignment": .integer(Int64(limits.alignmentBytes)),
            "transfer-max": .integer(Int64(limits.transferBytesMax)),
            "preferred": .integer(Int64(limits.preferredBytes)),
            "read-only": .flag(limits.isReadOnly),
        ]
    }
}

extension ExportTally {
    /// The counters, summed, and what each thread of now has answered.
    fileprivate var json: JSONValue {
        let completed = threads.map { name, totals in
            JSONValue.Member(name, .integer(Int64(clamping: totals.completed)))
        }
        return .object(
            totals.members + [JSONValue.Member("completed-by-thread", .object(completed))]
        )
    }
}

extension ExportTotals {
    /// The counters.
    fileprivate var members: [JSONValue.Member] {
        let counts: [(String, UInt64)] = [
            ("reads", reads), ("writes", writes), ("flushes", flushes), ("discards", discards),
            ("zeroes", zeroes), ("extents", extents), ("bytes-read", bytesRead),
            ("bytes-written", bytesWritten), ("failed", failed), ("held", held),
            ("longest-held-ns", longestHeldNanoseconds),
        ]
        return counts.map { JSONValue.Member($0.0, .integer(Int64(clamping: $0.1))) }
    }
}
