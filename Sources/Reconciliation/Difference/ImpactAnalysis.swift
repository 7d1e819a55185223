import GraphModel

/// Works out what the users of each export will notice.
struct ImpactAnalysis {
    private let difference: GraphDifference
    /// What is noticed at a node or below it; nodes with nothing to notice are missing.
    private var reach: [String: GraphDifference.Notice] = [:]

    init(_ difference: GraphDifference) {
        self.difference = difference
        collect()
    }

    /// Carries what is noticed at each node to everything above it.
    ///
    /// The strongest notices go first, so that a node is visited once for each degree at most,
    /// with a stack of our own: chains may be long.
    private mutating func collect() {
        if difference.notices.isEmpty { return }
        if let graph = difference.graph {
            for notice in [GraphDifference.Notice.pause, .change] {
                let noted = difference.notices.filter { $0.value == notice }.map(\.key)
                for name in graph.nodes(above: noted) where reach[name] == nil {
                    reach[name] = notice
                }
            }
            return
        }
        let parents = ParentLists(difference.desired)
        for notice in [GraphDifference.Notice.pause, .change] {
            var pending = difference.notices.filter { $0.value == notice }.map(\.key)
            while let name = pending.popLast() {
                guard reach[name] == nil else { continue }
                reach[name] = notice
                parents.append(of: name, to: &pending)
            }
        }
    }

    /// What the users of each export will notice, by name; those that stop included.
    var exports: [ExportImpact] {
        let added = Set(difference[.export].added)
        var exports: [ExportImpact] = []
        exports.reserveCapacity(difference.desired.exports.count)
        for export in difference.graph?.exportsByName ?? Array(difference.desired.exports.values) {
            let name = export.name
            let impact = added.contains(name) ? .starts : impact(on: name, export)
            exports.append(ExportImpact(name: name, impact: impact))
        }
        exports += difference[.export].removed.map { ExportImpact(name: $0, impact: .stops) }
        return exports.sorted { $0.name < $1.name }
    }

    private func impact(on name: String, _ export: ExportDescription) -> ExportImpact.Impact {
        var notice = reach[export.node] ?? .none
        for field in difference[.export].changed[name] ?? [] {
            let isFree = field.mode == .inPlace || field.isSilent
            notice = max(notice, isFree ? .change : .pause)
        }
        // Whatever a re-pointed export reaches now and did not reach before is new to it, but where
        // its bytes come from was compared above: filters that keep none are no reason to pause.
        if difference[.listener].changed[export.listener] != nil { notice = max(notice, .change) }
        let threads = difference[.ioThread].changed
        if !threads.isEmpty, export.ioThreads.contains(where: { threads[$0] != nil }) {
            notice = max(notice, .change)
        }
        switch notice {
        case .none: return .untouched
        case .change: return .noPause
        case .pause: return .pause
        }
    }
}

/// The parents of each node of a graph, in lists that share one array.
private struct ParentLists {
    private struct Link {
        let parent: String
        /// The next link of the same child; -1 for none.
        let next: Int32
    }

    private var links: [Link] = []
    private var firsts: [String: Int32] = [:]

    init(_ graph: GraphDescription) {
        links.reserveCapacity(graph.nodes.count)
        firsts.reserveCapacity(graph.nodes.count)
        for (name, node) in graph.nodes {
            for child in node.children {
                let place = Int32(links.count)
                let next = firsts.updateValue(place, forKey: child.node) ?? -1
                links.append(Link(parent: name, next: next))
            }
        }
    }

    /// Adds the parents of a node to others.
    func append(of child: String, to parents: inout [String]) {
        var place = firsts[child] ?? -1
        while place >= 0 {
            parents.append(links[Int(place)].parent)
            place = links[Int(place)].next
        }
    }
}
