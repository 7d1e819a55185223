internal import BlockGraph
internal import CLinux
internal import Glibc
internal import GraphModel
internal import RingLoop

/// Byte-range locks on image files, compatible with QEMU's, for all nodes of this process.
///
/// Each file has one lock descriptor, however many nodes use it: the kernel then keeps other
/// processes away, and nodes of this process are judged here, by what they will be when the
/// transaction is over. So two nodes can swap their files, and a new node can take over the file
/// of one that leaves.
///
/// ```
/// add --> held --stage--> staged --commit/abort--> held --remove--> gone
/// ```
/// The kernel's locks are those that any holder needs before or after the transaction.
final class FileLocks: Sendable {
    /// Which file: device and inode, whatever its names are.
    struct FileIdentity: Hashable, Sendable {
        let device: UInt64
        let inode: UInt64
    }

    /// One node's part in the locks of one file.
    struct Holder: Hashable, Sendable {
        fileprivate let file: FileIdentity
        fileprivate let number: UInt64
    }

    private struct Registry {
        var files: [FileIdentity: LockedFile] = [:]
        var holderCount: UInt64 = 0

        mutating func closeIfUnused(_ file: FileIdentity) {
            guard let locked = files[file], locked.claims.isEmpty else { return }
            _ = clinux_close(locked.descriptor)
            files[file] = nil
        }
    }

    private let registry = Locked(Registry())

    /// Whether the file system of a descriptor has such locks.
    static func areSupported(_ descriptor: Int32) -> Bool {
        clinux_ofd_query(
            descriptor,
            LockBytes.usedStart,
            1,
            CLINUX_LOCK_WRITE
        ) >= 0
    }

    /// Adds a node that uses a file, and locks what it needs against other processes.
    ///
    /// Any `descriptor` of the file will do: it is duplicated. The `object` is the node, such as
    /// `node/f`.
    func add(
        _ file: FileIdentity,
        descriptor: Int32,
        path: String,
        object: String,
        bytes: LockBytes
    ) throws(GraphError) -> Holder {
        try registry.withLock { registry throws(GraphError) in
            let isNew = registry.files[file] == nil
            if isNew {
                // A duplicate shares the open file description, and so its locks.
                let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
                guard own >= 0 else {
                    throw GraphError(
                        code: .openFailed,
                        object: object,
                        option: "filename",
                        reason: "no descriptor is left to lock \(path) with; raise ulimit -n"
                    )
                }
                registry.files[file] = LockedFile(descriptor: own, path: path)
            }
            registry.holderCount += 1
            let holder = Holder(file: file, number: registry.holderCount)
            do throws(GraphError) {
                try registry.files[file]?.acquire(bytes, object: object)
            } catch {
                if isNew { registry.closeIfUnused(file) }
                throw error
            }
            registry.files[file]?.claims[holder.number] = LockedFile.Claim(
                object: object,
                current: bytes
            )
            return holder
        }
    }

    /// Locks what a node needs after the transaction, besides what it needs now.
    func stage(_ holder: Holder, object: String, bytes: LockBytes) throws(GraphError) {
        try registry.withLock { registry throws(GraphError) in
            try registry.files[holder.file]?.acquire(bytes, object: object)
            registry.files[holder.file]?.claims[holder.number]?.pending = bytes
            registry.files[holder.file]?.claims[holder.number]?.object = object
        }
    }

    /// Says whether a node leaves with this transaction: it stands in nobody's way then.
    func setLeaving(_ holder: Holder, _ isLeaving: Bool) {
        registry.withLock {
            $0.files[holder.file]?.claims[holder.number]?.isLeaving = isLeaving
        }
    }

    /// Judges a node against the others of this process, as all will be after the transaction.
    func check(_ holder: Holder) throws(GraphError) {
        try registry.withLock { registry throws(GraphError) in
            guard let file = registry.files[holder.file],
                let own = file.claims[holder.number]
            else { return }
            let others = file.claims.filter { $0.key != holder.number }.values
            for other in others.sorted(by: { $0.object < $1.object }) {
                let refused = own.final.refused(by: other.final)
                    .union(other.final.refused(by: own.final))
                guard refused.isEmpty else {
                    throw GraphError(
                        code: .locked,
                        object: own.object,
                        option: "filename",
                        reason: "\(own.object) and \(other.object) both use \(file.path), and one "
                            + "of them does not share \(refused.names.joined(separator: ", ")); "
                            + "let both refer to one node of that file"
                    )
                }
            }
        }
    }

    /// Drops what a node needed before the transaction only.
    func commit(_ holder: Holder) {
        end(holder) { claim in claim.current = claim.pending ?? claim.current }
    }

    /// Drops what a node would have needed after the transaction.
    func abort(_ holder: Holder) { end(holder) { _ in } }

    /// Ends a node's part.
    func remove(_ holder: Holder) {
        registry.withLock { registry in
            registry.files[holder.file]?.claims[holder.number] = nil
            registry.files[holder.file]?.releaseUnneeded()
            registry.closeIfUnused(holder.file)
        }
    }

    private func end(_ holder: Holder, _ settle: (inout LockedFile.Claim) -> Void) {
        registry.withLock { registry in
            guard var claim = registry.files[holder.file]?.claims[holder.number] else { return }
            settle(&claim)
            claim.pending = nil
            registry.files[holder.file]?.claims[holder.number] = claim
            registry.files[holder.file]?.releaseUnneeded()
        }
    }
}
