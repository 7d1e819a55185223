import GraphModel

/// Works out what the users of each export will notice.
struct ImpactAnalysis {
    private let difference: GraphDifference
    private var reach: [String: GraphDifference.Notice] = [:]

    init(_ difference: GraphDifference) {
        self.difference = difference
        collect()
    }

    /// What is noticed at a node or below it, for nodes that exports reach.
    ///
    /// Nodes are visited once, children first, with a stack of our own: chains may be long.
    private mutating func collect() {
        if difference.notices.isEmpty { return }
        var isEntered: Set<String> = []
        for export in difference.desired.exports.values {
            var walk = [(name: export.node, isLeaving: false)]
            while let (name, isLeaving) = walk.popLast() {
                guard let node = difference.desired.nodes[name] else { continue }
                if isLeaving {
                    var notice = difference.notices[name] ?? .none
                    for child in node.children { notice = max(notice, reach[child.node] ?? .none) }
                    reach[name] = notice
                } else if isEntered.insert(name).inserted {
                    walk.append((name, true))
                    for child in node.children where !isEntered.contains(child.node) {
                        walk.append((child.node, false))
                    }
                }
            }
        }
    }

    /// What the users of an export will notice.
    func impact(on name: String) -> ExportImpact.Impact {
        guard let export = difference.desired.exports[name] else { return .stops }
        guard difference.live.exports[name] != nil else { return .starts }
        var notice = reach[export.node] ?? .none
        let fields = difference.changed[ObjectKind.export.object(name)] ?? []
        for field in fields {
            let isFree = field.mode == .inPlace || field.isSilent
            notice = max(notice, isFree ? .change : .pause)
        }
        // Whatever a re-pointed export reaches now and did not reach before is new to it, but where
        // its bytes come from was compared above: filters that keep none are no reason to pause.
        if difference.changed[ObjectKind.listener.object(export.listener)] != nil {
            notice = max(notice, .change)
        }
        if let thread = export.options.text("iothread"),
            difference.changed[ObjectKind.ioThread.object(thread)] != nil
        {
            notice = max(notice, .change)
        }
        switch notice {
        case .none: return .untouched
        case .change: return .noPause
        case .pause: return .pause
        }
    }
}
