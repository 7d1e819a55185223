internal import BlockGraph
internal import GraphModel

/// What `read-only`, `discard` and `detect-zeroes` of a node make of its child.
///
/// A write that turns out to be zeroes is handed on as write-zeroes: when it comes back parked its
/// slot says so, too.
struct NodeRules: Hashable, Sendable {
    let ignoresDiscards: Bool
    let detectsZeroes: Bool
    /// Whether detected zeroes may become holes.
    let unmapsZeroes: Bool
    let isReadOnly: Bool

    init(_ options: Options) {
        isReadOnly = options.flag("read-only") ?? false
        ignoresDiscards = options.text("discard") == "ignore"
        let detection = options.text("detect-zeroes") ?? "off"
        detectsZeroes = detection != "off"
        unmapsZeroes = detection == "unmap" && !ignoresDiscards
    }

    /// Whether every request goes on as it is.
    @inline(__always)
    var isPlain: Bool { !ignoresDiscards && !detectsZeroes }

    /// Limits of a node that shows its child: nobody writes through a node that is read-only.
    func limits(over child: BlockLimits) -> BlockLimits {
        var limits = child
        limits.isReadOnly = child.isReadOnly || isReadOnly
        return limits
    }

    /// Hands a request on.
    @inline(__always)
    func submit(_ request: BlockRequest, to child: Edge) -> BlockStatus {
        isPlain ? child.submit(request) : submitRuled(request, to: child)
    }

    /// What becomes of a request that a driver sends on in a slot of its own.
    func applied(
        to operation: BlockOperation,
        _ flags: RequestFlags,
        payload: UnsafeMutableRawPointer?,
        lengthBytes: UInt64
    ) -> (operation: BlockOperation, flags: RequestFlags) {
        var flags = flags
        switch operation {
        case .writeZeroes where ignoresDiscards: flags.remove(.mayUnmap)
        case .write where detectsZeroes:
            guard let payload, ZeroScan.isZero(payload, count: Int(lengthBytes)) else { break }
            if unmapsZeroes { flags.insert(.mayUnmap) }
            return (.writeZeroes, flags)
        default: break
        }
        return (operation, flags)
    }

    private func submitRuled(_ request: BlockRequest, to child: Edge) -> BlockStatus {
        let slot = request.slot
        switch slot.pointee.operation {
        case .discard where ignoresDiscards: return .done
        case .writeZeroes where ignoresDiscards: slot.pointee.flags.remove(.mayUnmap)
        case .write where detectsZeroes: return submitWrite(request, to: child)
        default: break
        }
        return child.submit(request)
    }

    private func submitWrite(_ request: BlockRequest, to child: Edge) -> BlockStatus {
        let slot = request.slot
        guard slot.pointee.pipe < 0, let buffer = slot.pointee.buffer,
            ZeroScan.isZero(buffer, count: Int(slot.pointee.lengthBytes))
        else { return child.submit(request) }
        slot.pointee.operation = .writeZeroes
        if unmapsZeroes { slot.pointee.flags.insert(.mayUnmap) }
        let status = child.submit(request)
        if !status.isParked { slot.pointee.operation = .write }
        return status
    }
}
