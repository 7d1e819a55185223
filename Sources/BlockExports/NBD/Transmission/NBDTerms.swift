internal import BlockGraph
internal import GraphModel

/// What a connection may ask of its export at this moment, and the one place that decides it.
struct NBDTerms: Equatable {
    /// Longest payload of a refused write that is read and thrown away; a longer one ends the
    /// connection.
    static let discardedBytesMax = 64 << 20

    /// Size of the export.
    var sizeBytes: UInt64
    /// Offsets and lengths are multiples of it; a power of two.
    var alignmentBytes: UInt32
    /// Longest read or write.
    var payloadBytesMax: UInt32
    /// Whether writing is allowed.
    var isWritable: Bool
    /// Whether structured replies were agreed.
    var isStructured: Bool
    /// Whether `base:allocation` was agreed.
    var hasAllocation: Bool
    /// Whether `qemu:allocation-depth` was agreed.
    var hasDepth: Bool

    /// Terms of a path, for what a client agreed to.
    init(limits: BlockLimits, rights: Permissions, agreement: NBDAgreement) {
        sizeBytes = limits.sizeBytes
        alignmentBytes = max(1, limits.alignmentBytes)
        payloadBytesMax = min(limits.transferBytesMax, BlockLimits.transferBytesCeiling)
        isWritable = rights.contains(.write) && !limits.isReadOnly
        isStructured = agreement.isStructured
        hasAllocation = agreement.hasAllocation
        hasDepth = agreement.hasDepth
    }

    /// Why a command is refused, or nothing when it may go to the graph.
    @inline(__always)
    func refusal(of command: NBDCommand) -> NBDError? {
        switch command.type {
        case .read:
            guard command.flags.isWithin(isStructured ? .ofStructuredRead : .forceUnitAccess),
                isInside(command)
            else { return .invalid }
            guard command.lengthBytes <= payloadBytesMax else {
                return command.flags.has(.doNotFragment) ? .overflow : .invalid
            }
            return nil
        case .write:
            guard let refusal = refusalOfChange(command, allowed: .forceUnitAccess) else {
                return command.lengthBytes <= payloadBytesMax ? nil : .invalid
            }
            return refusal
        case .writeZeroes:
            return refusalOfChange(command, allowed: .ofWriteZeroes)
        case .trim:
            let refusal = refusalOfChange(command, allowed: .forceUnitAccess)
            return refusal == .noSpace ? .invalid : refusal
        case .flush:
            let isPlain = command.flags.isWithin(.forceUnitAccess)
            return isPlain && command.offsetBytes == 0 && command.lengthBytes == 0 ? nil : .invalid
        case .cache:
            return command.flags.isWithin(.forceUnitAccess) && isInside(command)
                ? nil : .invalid
        case .blockStatus:
            guard hasAllocation || hasDepth, command.lengthBytes > 0,
                command.flags.isWithin(.ofBlockStatus)
            else { return .invalid }
            return isInside(command) ? nil : .invalid
        case .disconnect: return nil
        case nil: return .invalid
        }
    }

    private func refusalOfChange(
        _ command: NBDCommand,
        allowed: NBDCommandFlags
    ) -> NBDError? {
        guard command.flags.isWithin(allowed) else { return .invalid }
        guard isWritable else { return .notPermitted }
        let length = UInt64(command.lengthBytes)
        guard Self.contains(sizeBytes, offset: command.offsetBytes, length: length) else {
            return .noSpace
        }
        return isAligned(command) ? nil : .invalid
    }

    @inline(__always)
    private func isInside(_ command: NBDCommand) -> Bool {
        Self.contains(
            sizeBytes,
            offset: command.offsetBytes,
            length: UInt64(command.lengthBytes)
        )
            && isAligned(command)
    }

    @inline(__always)
    private func isAligned(_ command: NBDCommand) -> Bool {
        let mask = UInt64(alignmentBytes) &- 1
        return (command.offsetBytes | UInt64(command.lengthBytes)) & mask == 0
    }

    /// Whether a range lies within a size; no sum is formed, so nothing can wrap.
    @inline(__always)
    static func contains(_ sizeBytes: UInt64, offset: UInt64, length: UInt64) -> Bool {
        offset <= sizeBytes && length <= sizeBytes - offset
    }
}
