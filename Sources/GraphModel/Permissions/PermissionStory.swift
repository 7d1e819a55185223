/// Follows a right upwards through the graph, to say where a wish or a denial begins.
struct PermissionStory {
    /// Places of edges from above down to the one in question.
    typealias Steps = [Int32]

    private let index: GraphIndex
    private let edgeMasks: [EdgeMasks]
    /// Places of each node's edges from its parents.
    let parents: [[Int32]]

    init(index: GraphIndex, edgeMasks: [EdgeMasks]) {
        self.index = index
        self.edgeMasks = edgeMasks
        parents = index.edgesByChild()
    }

    /// The way from an export to an edge that wants rights, through parents that want them too.
    func wish(for bits: Permissions, by edge: Int32) -> Steps {
        climb(from: edge) { !$0.used.isDisjoint(with: bits) }
    }

    /// The way from an export to an edge that denies rights, through parents that deny them too.
    func denial(of bits: Permissions, by edge: Int32) -> Steps {
        climb(from: edge) { !bits.isSubset(of: $0.shared) }
    }

    /// The way from where a wish for rights begins down to a node that has them not.
    ///
    /// A wish begins at an export, or at a node that would want the right without any user.
    func origin(of rights: Permissions, at node: Int32) -> Steps {
        var steps: Steps = []
        var place = node
        while let edge = parents[Int(place)].first(where: {
            !edgeMasks[Int($0)].used.isDisjoint(with: rights)
        }) {
            steps.append(edge)
            let parent = index.edges[Int(edge)].parent
            if parent < 0 || wantsByItself(Int(parent), edge: edge, rights) { break }
            place = parent
        }
        return steps.reversed()
    }

    /// Objects along the way, and the last edge's name and masks.
    func holder(_ steps: Steps, edge: Int32?) -> PermissionHolder {
        guard let edge = edge.map(Int.init) else {
            return PermissionHolder(objects: [], edge: "", masks: .idle)
        }
        return PermissionHolder(
            objects: steps.map { index.parentObject(of: index.edges[Int($0)]) },
            edge: index.name(of: index.edges[edge]),
            masks: edgeMasks[edge]
        )
    }

    private func climb(from edge: Int32, through matches: (EdgeMasks) -> Bool) -> Steps {
        var steps = [edge]
        var parent = index.edges[Int(edge)].parent
        while parent >= 0 {
            let above = parents[Int(parent)]
            guard let next = above.first(where: { matches(edgeMasks[Int($0)]) }) ?? above.first
            else { break }
            steps.append(next)
            parent = index.edges[Int(next)].parent
        }
        return steps.reversed()
    }

    private func wantsByItself(_ node: Int, edge place: Int32, _ rights: Permissions) -> Bool {
        let edge = index.edges[Int(place)]
        let description = index.node(node)
        var masks = PermissionRules.masks(
            role: edge.role,
            demand: .idle,
            isWritable: !description.isReadOnly
        )
        if let claim = index.driver(node)?.claim {
            masks = claim(
                masks,
                PermissionContext(
                    node: description,
                    edge: index.name(of: edge),
                    demand: .idle,
                    hasUsers: true
                )
            )
        }
        return !masks.used.isDisjoint(with: rights)
    }
}
