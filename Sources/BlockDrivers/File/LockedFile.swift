internal import BlockGraph
internal import CLinux
internal import GraphModel

/// The locks of one file: what its nodes need, and what the kernel holds for them.
struct LockedFile {
    /// What one node needs.
    struct Claim {
        /// The node, for errors.
        var object: String
        var current: LockBytes
        var pending: LockBytes?
        var isLeaving = false

        /// Before and after the transaction.
        var needed: LockBytes { current.union(pending ?? .none) }
        /// After the transaction.
        var final: LockBytes { isLeaving ? .none : pending ?? current }
    }

    /// Where the kernel keeps the locks.
    let descriptor: Int32
    /// Name of the file, for errors.
    let path: String
    private var heldOffsets: Set<Int64> = []
    /// Nodes that use the file, by number.
    var claims: [UInt64: Claim] = [:]

    init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Takes bytes, then looks whether another process holds what stands against them.
    ///
    /// This order is QEMU's: of two that try at the same time at least one sees the other. Whoever
    /// came against what is held already is the one to be refused, so that asking for no more than
    /// that never fails.
    mutating func acquire(_ bytes: LockBytes, object: String) throws(GraphError) {
        let fresh = bytes.offsets.subtracting(heldOffsets)
        for offset in fresh.sorted() {
            guard clinux_ofd_lock(descriptor, offset, 1, CLINUX_LOCK_READ) == 0 else {
                releaseUnneeded()
                throw refusal(object, "byte \(offset) of the file cannot be locked")
            }
            heldOffsets.insert(offset)
        }
        for opposite in bytes.opposites where fresh.contains(opposite.own) {
            let result = clinux_ofd_query(descriptor, opposite.offset, 1, CLINUX_LOCK_WRITE)
            guard result != 0 else { continue }
            releaseUnneeded()
            let name = opposite.right.names.joined()
            throw refusal(
                object,
                "failed to get \(opposite.isUse ? "shared " : "")\"\(name)\" lock"
            )
        }
    }

    /// Drops what no claim needs.
    mutating func releaseUnneeded() {
        let needed = claims.values.reduce(LockBytes.none) { $0.union($1.needed) }.offsets
        for offset in heldOffsets.subtracting(needed) {
            // Unlocking what is held cannot fail but for lack of kernel memory; it ends with the
            // descriptor in any case.
            _ = clinux_ofd_lock(descriptor, offset, 1, CLINUX_LOCK_NONE)
        }
        heldOffsets.formIntersection(needed)
    }

    private func refusal(_ object: String, _ fact: String) -> GraphError {
        GraphError(
            code: .locked,
            object: object,
            option: "filename",
            reason: "\(fact): another process uses \(path); stop it (fuser -v \(path) names it), "
                + "use a copy, or set locking: off if you know that it does no harm"
        )
    }
}
