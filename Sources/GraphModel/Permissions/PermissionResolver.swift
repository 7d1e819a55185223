/// Works out what every edge uses and shares, parents before children, and collects all faults.
///
/// - SeeAlso: "Semantics of the transactional block graph", section 4.2.
struct PermissionResolver {
    /// Most conflicts that are listed; a node with a thousand rivals has a million pairs.
    static let conflictsMax = 1_000
    /// Most edges on the ways of all listed conflicts together; a chain may be long.
    static let stepsMax = 100_000

    /// What is asked of every node's driver, by its number.
    private struct Measure {
        let alignment: DriverSpecification.Alignment?
        let size: DriverSpecification.Size?
        let isFilter: Bool
    }

    private static let measures: [Measure] = {
        let known = Catalog.drivers.map {
            Measure(alignment: $0.alignment, size: $0.size, isFilter: $0.isFilter)
        }
        let unknown = Measure(alignment: nil, size: nil, isFilter: false)
        return known + [Measure](repeating: unknown, count: 256 - known.count)
    }()
    private static let isClaiming: [Bool] = {
        let known = Catalog.drivers.map { $0.claim != nil }
        return known + [Bool](repeating: false, count: 256 - known.count)
    }()

    private let index: GraphIndex
    private let order: [Int32]
    private(set) var edgeMasks: [EdgeMasks]
    private(set) var cumulative: [EdgeMasks]
    private(set) var conflicts: [PermissionConflict] = []
    private(set) var omittedConflictCount = 0
    private(set) var violations: [GraphViolation] = []

    /// Size and alignment of nodes, where they follow from the description.
    private var sizes: [Int64?] = []
    private var alignments: [Int64] = []
    /// Nodes of which a user wants what another one denies.
    private var disputed: [Int32] = []
    private var isDisputed: [Bool]
    private var stepCount = 0
    private var refused: [(node: Int32, reason: GraphViolation.Reason)] = []

    init(index: GraphIndex, order: [Int32]) {
        self.index = index
        self.order = order
        edgeMasks = [EdgeMasks](repeating: .idle, count: index.edges.count)
        cumulative = [EdgeMasks](repeating: .idle, count: index.count)
        isDisputed = [Bool](repeating: false, count: index.count)
    }

    /// Computes the masks, then explains what is wrong with them, if anything is.
    mutating func run() {
        measure()
        var hasUsers = [Bool](repeating: false, count: index.count)
        for place in index.exportEdges {
            let export = index.exports[Int(-1 - index.edges[place].parent)]
            put(PermissionRules.masks(of: export), on: place)
            hasUsers[Int(index.edges[place].child)] = true
        }
        for node in order.lazy.map(Int.init) {
            inspect(node)
            for place in index.children(of: node) {
                put(claim(of: node, at: place, hasUsers: hasUsers[node]), on: place)
                hasUsers[Int(index.edges[place].child)] = true
            }
        }
        guard !disputed.isEmpty || !refused.isEmpty else { return }
        explain()
    }

    private mutating func put(_ masks: EdgeMasks, on place: Int) {
        edgeMasks[place] = masks
        let child = Int(index.edges[place].child)
        let others = cumulative[child]
        // What those before want and share together says whether any of them minds this one.
        if !masks.used.isSubset(of: others.shared) || !others.used.isSubset(of: masks.shared) {
            isDisputed[child] = true
        }
        cumulative[child].used.formUnion(masks.used)
        cumulative[child].shared.formIntersection(masks.shared)
    }

    private func claim(of node: Int, at place: Int, hasUsers: Bool) -> EdgeMasks {
        let edge = index.edges[place]
        var masks = PermissionRules.masks(
            role: edge.role,
            demand: cumulative[node],
            isWritable: !index.traits(node).contains(.readOnly)
        )
        if Self.isClaiming[Int(index.driverNumber(node))], let claim = index.driver(node)?.claim {
            let context = PermissionContext(
                node: index.node(node),
                edge: index.name(of: edge),
                demand: cumulative[node],
                hasUsers: hasUsers
            )
            masks = claim(masks, context)
        }
        if index.traits(Int(edge.child)).contains(.forceShare) { masks.shared = .all }
        return masks
    }

    private mutating func inspect(_ node: Int) {
        let masks = cumulative[node]
        if isDisputed[node] { disputed.append(Int32(node)) }
        guard !masks.used.isDisjoint(with: [.write, .writeUnchanged]) else { return }
        if index.traits(node).contains(.readOnly) {
            refused.append((Int32(node), .readOnly))
        } else if !masks.used.contains(.resize), let size = sizes[node],
            size % alignments[node] != 0
        {
            refused.append(
                (Int32(node), .unaligned(sizeBytes: size, alignmentBytes: alignments[node]))
            )
        }
    }

    /// Sizes and alignments, children before parents.
    private mutating func measure() {
        sizes = [Int64?](repeating: nil, count: index.count)
        alignments = [Int64](repeating: 1, count: index.count)
        for node in order.reversed().lazy.map(Int.init) {
            let driver = Self.measures[Int(index.driverNumber(node))]
            var childSize: Int64?
            var alignment = max(1, driver.alignment?(index.node(node)) ?? 1)
            for place in index.children(of: node) {
                let edge = index.edges[place]
                if edge.role.contains(.primary) { childSize = sizes[Int(edge.child)] }
                if !edge.role.isDisjoint(with: [.data, .filtered, .backing]) {
                    alignment = max(alignment, alignments[Int(edge.child)])
                }
            }
            sizes[node] =
                driver.size?(index.node(node), childSize) ?? (driver.isFilter ? childSize : nil)
            alignments[node] = alignment
        }
    }

    private mutating func explain() {
        let story = PermissionStory(index: index, edgeMasks: edgeMasks)
        for node in disputed.sorted() { collectConflicts(at: node, story) }
        var blamed: Set<Int32> = []
        // Parents come first in `refused`, so a wish that was refused above is not refused again.
        for (node, reason) in refused {
            let rights: Permissions = [.write, .writeUnchanged]
            let steps = story.origin(of: rights, at: node)
            let isFollowOn = steps.contains { blamed.contains(index.edges[Int($0)].parent) }
            blamed.insert(node)
            if isFollowOn { continue }
            violations.append(
                GraphViolation(
                    node: index.names[Int(node)],
                    reason: reason,
                    user: story.holder(steps, edge: steps.last)
                )
            )
        }
    }

    private mutating func collectConflicts(at node: Int32, _ story: PermissionStory) {
        let places = story.parents[Int(node)]
        let users = places.filter { !edgeMasks[Int($0)].used.isEmpty }
        let deniers = places.filter { edgeMasks[Int($0)].shared != .all }
        for user in users {
            for denier in deniers where user != denier {
                let bits = edgeMasks[Int(user)].used.subtracting(edgeMasks[Int(denier)].shared)
                guard !bits.isEmpty else { continue }
                if conflicts.count == Self.conflictsMax || stepCount > Self.stepsMax {
                    omittedConflictCount += 1
                    continue
                }
                let wish = story.wish(for: bits, by: user)
                let denial = story.denial(of: bits, by: denier)
                stepCount += wish.count + denial.count
                conflicts.append(
                    PermissionConflict(
                        node: index.names[Int(node)],
                        bits: bits,
                        wants: story.holder(wish, edge: user),
                        denies: story.holder(denial, edge: denier)
                    )
                )
            }
        }
    }
}
