import BlockGraph
import GraphModel
import RingLoop
import Synchronization

/// What happened to probe nodes, in order; written by control plane and loops.
final class ProbeLog: Sendable {
    private let entries = Mutex<[String]>([])

    func add(_ entry: String) { entries.withLock { $0.append(entry) } }

    var all: [String] { entries.withLock { $0 } }

    func count(of entry: String) -> Int { all.filter { $0 == entry }.count }
}

/// Where probe nodes fail, and whether they hold requests.
final class ProbeSwitches: Sendable {
    /// Steps that fail, such as `open a` or `check b`.
    let failing = Mutex<Set<String>>([])
    /// Nodes that park what they get.
    let holding = Mutex<Set<String>>([])

    func fails(_ step: String) -> Bool { failing.withLock { $0.contains(step) } }

    func holds(_ node: String) -> Bool { holding.withLock { $0.contains(node) } }
}

/// A kind under a catalog name whose nodes log, fail and hold at will.
struct ProbeKind: BlockDriverKind {
    let name: String
    let log: ProbeLog
    let switches: ProbeSwitches

    func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        let node = opening.node.name
        try refuse("open \(node)")
        log.add("open \(node)")
        let creation = ProbeChange(name: "creation \(node)", log: log)
        return NodeOpening(
            node: ProbeNode(name: node, kind: self, options: opening.node.options),
            creation: creation
        )
    }

    func refuse(_ step: String) throws(GraphError) {
        guard switches.fails(step) else { return }
        throw GraphError(code: .openFailed, object: "node/probe", reason: "\(step) fails by order")
    }
}

/// An open probe node.
final class ProbeNode: OpenNode {
    let name: String
    let kind: ProbeKind
    let options: Options

    init(name: String, kind: ProbeKind, options: Options) {
        self.name = name
        self.kind = kind
        self.options = options
    }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        try kind.refuse("limits \(name)")
        let size = options.integer("size") ?? children["file"].map { Int64($0.sizeBytes) }
        return BlockLimits(sizeBytes: UInt64(size ?? 1 << 20))
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        ProbeDriver(node: self, child: context.edges.first)
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange {
        try kind.refuse("prepare \(name)")
        return ProbeChange(name: "change \(name)", log: kind.log)
    }

    func prepareRemoval() -> any PreparedChange {
        ProbeChange(name: "removal \(name)", log: kind.log)
    }

    func check() throws(GraphError) { try kind.refuse("check \(name)") }

    func close() -> String? {
        kind.log.add("close \(name)")
        return nil
    }
}

/// A prepared change that logs how it ended.
final class ProbeChange: PreparedChange {
    private let name: String
    private let log: ProbeLog

    init(name: String, log: ProbeLog) {
        self.name = name
        self.log = log
    }

    func commit() { log.add("commit \(name)") }
    func abort() { log.add("abort \(name)") }
}

/// A probe node's view: answers, passes on, or holds until it is let go.
final class ProbeDriver: BlockDriver {
    private let node: ProbeNode
    private let child: Edge?
    private var held: [BlockRequest] = []

    init(node: ProbeNode, child: Edge?) {
        self.node = node
        self.child = child
    }

    var movesPages: Bool { false }

    func submit(_ request: BlockRequest) -> BlockStatus {
        node.kind.log.add("request \(node.name)")
        guard !node.kind.switches.holds(node.name) else {
            held.append(request)
            return .parked
        }
        return child?.submit(request) ?? .done
    }

    func optionsChanged() {
        node.kind.log.add("options \(node.name)")
        letGo()
    }

    func drainBegan() {
        // A backend that hangs does not answer because of a drain; a filter lets go.
        if child != nil { letGo() }
    }

    private func letGo() {
        let waiting = held
        held = []
        for request in waiting {
            let status = child?.submit(request) ?? .done
            if !status.isParked { request.finish(status) }
        }
    }
}
