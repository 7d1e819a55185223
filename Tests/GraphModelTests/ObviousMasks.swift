import GraphModel

/// What each driver asks of its children, written once more by hand, driver by driver.
///
/// Nothing of the catalog or of its rules is called here: a fault in them has to be made twice to
/// stay hidden from ``ResolverOracleTests``.
enum ObviousMasks {
    private static let everything: Set<Character> = ["R", "W", "U", "S"]

    /// What an edge uses and shares, in letters.
    struct Letters {
        var used: Set<Character>
        var shared: Set<Character>

        static let idle = Letters(used: [], shared: everything)
    }

    /// The mask of an export's edge; no random export says what it shares.
    static func masks(of export: ExportDescription) -> EdgeMasks {
        let isWritable = export.options.flag("writable") == true
        return EdgeMasks(
            used: permissions(isWritable ? ["R", "W"] : ["R"]),
            shared: permissions(["R", "W", "U"])
        )
    }

    /// The mask of an edge.
    ///
    /// - Parameters:
    ///   - edge: The edge's name.
    ///   - node: The node that asks.
    ///   - parents: What the node's own parents use and share.
    /// - Returns: What the node asks of the child.
    static func masks(of edge: String, of node: NodeDescription, parents: [EdgeMasks]) -> EdgeMasks
    {
        var above = Letters.idle
        for parent in parents {
            above.used.formUnion(letters(parent.used))
            above.shared.formIntersection(letters(parent.shared))
        }
        let found = claim(edge, node, above, isUsed: !parents.isEmpty)
        return EdgeMasks(used: permissions(found.used), shared: permissions(found.shared))
    }

    private static func claim(
        _ edge: String,
        _ node: NodeDescription,
        _ above: Letters,
        isUsed: Bool
    ) -> Letters {
        let isWritable = node.options.flag("read-only") != true
        switch (node.driver, edge) {
        case ("qcow2", "file"):
            let tables = tablesOf(above, isWritable: isWritable)
            return node.child("data-file") == nil ? guestData(tables) : tables
        case ("qcow2", "data-file"): return guestData(above)
        case ("qcow2", "backing"):
            var shared: Set<Character> = ["R", "U"]
            if above.shared.contains("W") { shared = everything }
            return Letters(used: above.used.intersection(["R"]), shared: shared)
        case ("raw", _):
            guard node.options.integer("offset") ?? 0 > 0 || node.options["size"] != nil else {
                return above
            }
            // A window never grows what it lies in, unless somebody above wants just that.
            var masks = guestData(above)
            for letter in ["W", "S"] as Set<Character> where !above.used.contains(letter) {
                masks.used.remove(letter)
            }
            return masks
        case ("copy-on-read", _):
            return Letters(used: above.used.union(["U"]), shared: above.shared)
        case ("copy-before-write", "target"):
            return Letters(used: ["W"], shared: ["R", "W", "U"])
        case ("copy-before-write", _):
            if !isUsed { return .idle }
            let reads: Set<Character> = above.used.contains("W") ? ["R"] : []
            return Letters(
                used: above.used.union(reads),
                shared: above.shared.subtracting(["W", "S"])
            )
        case ("quorum", _):
            return Letters(used: above.used, shared: above.shared.intersection(["R", "U"]))
        case ("blkdebug", _):
            // The random graphs unshare writing, and take nothing.
            return Letters(used: above.used, shared: above.shared.subtracting(["W"]))
        default: return above
        }
    }

    /// A format reads its tables, writes them when it may write at all, and lets nobody else.
    private static func tablesOf(_ above: Letters, isWritable: Bool) -> Letters {
        Letters(
            used: above.used.union(isWritable ? ["R", "W", "S"] : ["R"]),
            shared: above.shared.subtracting(["W", "S"])
        )
    }

    /// Who stores guest data writes where the guest writes, and grows by writing.
    private static func guestData(_ above: Letters) -> Letters {
        var masks = above
        if masks.used.contains("U") { masks.used.insert("W") }
        if masks.used.contains("W") { masks.used.insert("S") }
        masks.shared.remove("S")
        return masks
    }

    private static func letters(_ permissions: Permissions) -> Set<Character> {
        Set(EdgeMasks(used: permissions, shared: []).description.prefix { $0 != "/" })
            .subtracting(["-"])
    }

    private static func permissions(_ letters: Set<Character>) -> Permissions {
        var found: Permissions = []
        if letters.contains("R") { found.insert(.consistentRead) }
        if letters.contains("W") { found.insert(.write) }
        if letters.contains("U") { found.insert(.writeUnchanged) }
        if letters.contains("S") { found.insert(.resize) }
        return found
    }
}
