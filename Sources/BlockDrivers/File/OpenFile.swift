internal import BlockGraph
internal import CLinux
internal import GraphModel
internal import RingLoop

/// An open `file` node: the data descriptor and the locks, shared by the views of all loops.
final class OpenFile: OpenNode {
    /// What views work with.
    struct Access: Sendable {
        let settings: FileSettings
        let descriptor: DataDescriptor
    }

    private struct State {
        var access: Access
        var pending: Access?
        /// A mapping of before, which views are still to let go of.
        var earlierMapping: FileMapping?
        var isServed = false
        /// Whether somebody may have written since it was opened.
        var wasWritable = false
        var holder: FileLocks.Holder?
    }

    private let locks: FileLocks
    private let state: Locked<State>

    /// Opens a file and locks it.
    init(settings: FileSettings, masks: EdgeMasks, locks: FileLocks) throws(GraphError) {
        let descriptor = try DataDescriptor.open(settings, writing: settings.wantsWriting(masks))
        self.locks = locks
        state = Locked(State(access: Access(settings: settings, descriptor: descriptor)))
        let holder = try Self.lock(descriptor, settings: settings, masks: masks, locks: locks)
        state.withLock { $0.holder = holder }
    }

    /// What views work with now.
    var access: Access { state.withLock { $0.access } }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        let access = state.withLock { $0.pending ?? $0.access }
        let descriptor = access.descriptor
        let alignment = descriptor.offsetAlignmentBytes
        guard descriptor.sizeBytes % UInt64(alignment) == 0 else {
            throw GraphError(
                code: .size,
                object: access.settings.object,
                option: "cache.direct",
                reason: "\(access.settings.path) has \(descriptor.sizeBytes) bytes, which is not a "
                    + "multiple of the \(alignment) that transfers without the page cache need; "
                    + "set cache: {direct: false}, or extend the file"
            )
        }
        var limits = BlockLimits(
            sizeBytes: descriptor.sizeBytes,
            alignmentBytes: alignment,
            preferredBytes: max(4096, alignment),
            isReadOnly: !descriptor.isWritable
        )
        limits.grows = access.settings.storage == .regularFile
        return limits
    }

    var currentSizeBytes: UInt64? { Self.sizeBytes(of: access.descriptor) }

    var reportedSizeBytes: UInt64? {
        let descriptor = access.descriptor
        return descriptor.storage == .remote ? nil : Self.sizeBytes(of: descriptor)
    }

    private static func sizeBytes(of descriptor: DataDescriptor) -> UInt64? {
        var facts = clinux_file_facts()
        // It may be exchanged for another one meanwhile.
        let result = withExtendedLifetime(descriptor) {
            clinux_file_facts(descriptor.rawValue, &facts)
        }
        // A device has no size that this call knows, and does not grow.
        guard result == 0, facts.kind & 0o170000 == 0o100000 else { return nil }
        return UInt64(clamping: facts.size_bytes)
    }

    func shrink(toBytes sizeBytes: UInt64) {
        let access = state.withLock { $0.pending ?? $0.access }
        guard access.descriptor.isWritable, let length = Int64(exactly: sizeBytes) else { return }
        // What cannot be taken back stays; there is nobody who could do better.
        _ = clinux_ftruncate(access.descriptor.rawValue, length)
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        state.withLock { state in
            state.isServed = true
            state.wasWritable = state.wasWritable || state.access.descriptor.isWritable
        }
        return FileDriver(node: self, loop: context.loop)
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange {
        let settings = try FileSettings(opening)
        let old = access.descriptor
        let writing = settings.wantsWriting(opening.masks)
        var descriptor = old
        if writing != old.isWritable || settings.isDirect != old.isDirect {
            descriptor = try old.reopen(settings, writing: writing)
            if !writing, !settings.skipsFlushes {
                // Most of it is done before the drain; what fails then is told by `settle`.
                _ = clinux_fsync(old.rawValue, 1)
            }
        }
        let holder = state.withLock { $0.holder }
        if let holder {
            let bytes = LockBytes(opening.masks, sharesAll: settings.sharesAll)
            try locks.stage(holder, object: settings.object, bytes: bytes)
        }
        let access = Access(settings: settings, descriptor: descriptor)
        state.withLock { $0.pending = access }
        return FileChange(node: self)
    }

    /// Makes durable what was written when nobody will write any more: from now on flushes of
    /// clients end at what is put above, such as an overlay, and what they wrote before would be
    /// lost with the power.
    func settle(over access: ChildAccessPlan) throws(GraphError) {
        let (current, pending) = state.withLock { ($0.access, $0.pending) }
        guard let pending, current.descriptor.isWritable, !pending.descriptor.isWritable,
            !current.settings.skipsFlushes
        else { return }
        let result = clinux_fsync(current.descriptor.rawValue, 1)
        guard result < 0 else { return }
        throw GraphError(
            code: .openFailed,
            object: current.settings.object,
            reason: "what was written to \(current.settings.path) cannot be made durable: "
                + "\(SystemError.words(of: result)); nothing was changed"
        )
    }

    func prepareRemoval() -> any PreparedChange {
        setLeaving(true)
        return FileRemoval(node: self)
    }

    func check() throws(GraphError) {
        guard let holder = state.withLock({ $0.holder }) else { return }
        try locks.check(holder)
    }

    func close() -> String? {
        let (access, wasWritable, holder) = state.withLock { state in
            defer { state.holder = nil }
            return (state.access, state.wasWritable, state.holder)
        }
        defer { if let holder { locks.remove(holder) } }
        guard wasWritable, !access.settings.skipsFlushes else { return nil }
        let result = clinux_fsync(access.descriptor.rawValue, 1)
        guard result < 0 else { return nil }
        return "\(access.settings.path) could not be flushed when it was closed: "
            + "\(SystemError.words(of: result)); what was written last may be lost"
    }

    /// Puts what was prepared in force; views take it up when they are told.
    fileprivate func commitChange() {
        let holder = state.withLock { state in
            if let pending = state.pending, pending.descriptor !== state.access.descriptor {
                state.earlierMapping = state.access.descriptor.mapping
            }
            state.access = state.pending ?? state.access
            state.pending = nil
            state.wasWritable =
                state.wasWritable || (state.isServed && state.access.descriptor.isWritable)
            return state.holder
        }
        if let holder { locks.commit(holder) }
    }

    fileprivate func abortChange() {
        let holder = state.withLock { state in
            state.pending = nil
            return state.holder
        }
        if let holder { locks.abort(holder) }
    }

    fileprivate func setLeaving(_ isLeaving: Bool) {
        guard let holder = state.withLock({ $0.holder }) else { return }
        locks.setLeaving(holder, isLeaving)
    }

    private static func lock(
        _ descriptor: DataDescriptor,
        settings: FileSettings,
        masks: EdgeMasks,
        locks: FileLocks
    ) throws(GraphError) -> FileLocks.Holder? {
        if settings.locking == .off { return nil }
        guard FileLocks.areSupported(descriptor.rawValue) else {
            if settings.locking == .automatic { return nil }
            throw GraphError(
                code: .locked,
                object: settings.object,
                option: "locking",
                reason: "the file system of \(settings.path) has no locks; set locking: auto"
            )
        }
        return try locks.add(
            descriptor.identity,
            descriptor: descriptor.rawValue,
            path: settings.path,
            object: settings.object,
            bytes: LockBytes(masks, sharesAll: settings.sharesAll)
        )
    }
}

/// A change of options or rights of an open file.
private final class FileChange: PreparedChange {
    private let node: OpenFile

    init(node: OpenFile) { self.node = node }

    func commit() { node.commitChange() }
    func abort() { node.abortChange() }
}

/// The leaving of an open file; its locks stay until it is closed, and bother no node here.
private final class FileRemoval: PreparedChange {
    private let node: OpenFile

    init(node: OpenFile) { self.node = node }

    func commit() {}
    func abort() { node.setLeaving(false) }
}
