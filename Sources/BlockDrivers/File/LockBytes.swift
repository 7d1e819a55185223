internal import GraphModel

/// Which of QEMU's lock bytes a set of users needs: one for each right that is used, and one for
/// each right that is not shared.
///
/// - SeeAlso: "Semantics of the transactional block graph", section 4.5.
struct LockBytes: Hashable, Sendable {
    /// Byte of the first right that is used.
    static let usedStart: Int64 = 100
    /// Byte of the first right that is not shared.
    static let unsharedStart: Int64 = 200

    var used: Permissions
    var unshared: Permissions

    /// No bytes.
    static let none = LockBytes(used: [], unshared: [])

    init(used: Permissions, unshared: Permissions) {
        self.used = used
        self.unshared = unshared
    }

    /// Bytes for the masks of all users of a node.
    init(_ masks: EdgeMasks, sharesAll: Bool) {
        used = masks.used
        unshared = sharesAll ? [] : Permissions.all.subtracting(masks.shared)
    }

    func union(_ other: LockBytes) -> LockBytes {
        LockBytes(used: used.union(other.used), unshared: unshared.union(other.unshared))
    }

    /// Rights that this one uses and the other does not share.
    func refused(by other: LockBytes) -> Permissions { used.intersection(other.unshared) }

    /// Offsets of all bytes.
    var offsets: Set<Int64> {
        Set(Self.offsets(used, from: Self.usedStart))
            .union(Self.offsets(unshared, from: Self.unsharedStart))
    }

    /// Each byte that nobody else may hold, with the byte of ours that it stands against, the right
    /// that it stands for and whether it is the other's use (and not its refusal to share) that is
    /// in the way.
    var opposites: [(offset: Int64, own: Int64, right: Permissions, isUse: Bool)] {
        Permissions.named.enumerated().flatMap { bit, entry in
            var result: [(offset: Int64, own: Int64, right: Permissions, isUse: Bool)] = []
            let (use, refusal) = (Self.usedStart + Int64(bit), Self.unsharedStart + Int64(bit))
            if used.contains(entry.right) { result.append((refusal, use, entry.right, false)) }
            if unshared.contains(entry.right) { result.append((use, refusal, entry.right, true)) }
            return result
        }
    }

    private static func offsets(_ rights: Permissions, from start: Int64) -> [Int64] {
        Permissions.named.enumerated().filter { rights.contains($0.element.right) }
            .map { start + Int64($0.offset) }
    }
}
