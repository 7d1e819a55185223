internal import BlockGraph
internal import CLinux
internal import Glibc
internal import RingLoop

/// Discards and zeroes, through fallocate.
extension FileDriver {
    private static let keepSize = CLINUX_FALLOCATE_KEEP_SIZE
    private static let punchHole = CLINUX_FALLOCATE_PUNCH_HOLE | keepSize
    private static let zeroRange = CLINUX_FALLOCATE_ZERO_RANGE | keepSize

    func discard(_ request: BlockRequest) -> BlockStatus {
        guard view.pointee.isWritable else { return .failed(EPERM) }
        guard view.pointee.unmaps, view.pointee.punchesHoles,
            request.slot.pointee.lengthBytes > 0
        else { return .done }
        queueDiscard(request)
        return park(request)
    }

    private func queueDiscard(_ request: BlockRequest) {
        kernel.allocate(
            fd: view.pointee.fd,
            mode: Self.punchHole,
            offset: request.slot.pointee.offsetBytes,
            length: request.slot.pointee.lengthBytes,
            ticket: ticket(request) { ticket, result in
                FileDriver.withDriver(of: ticket) { $0.discardEnded($1, result) }
            }
        )
    }

    private func discardEnded(_ request: BlockRequest, _ result: Int32) {
        switch result {
        case 0: finishDurably(request)
        case -EINTR: queueDiscard(request)
        case -EOPNOTSUPP, -ENOSYS:
            // A discard is advice.
            view.pointee.punchesHoles = false
            finish(request, .done)
        case -EINVAL:
            // A device discards whole sectors only, and this is not one.
            finish(request, .done)
        default: finish(request, .failed(-result))
        }
    }

    /// Zeroes a range by the best means that the file system has, from one to the next.
    func writeZeroes(_ request: BlockRequest) -> BlockStatus {
        guard view.pointee.isWritable else { return .failed(EPERM) }
        guard request.slot.pointee.lengthBytes > 0 else { return .done }
        if isRefusedAsSlow(request) { return .failed(EOPNOTSUPP) }
        queueZeroes(request)
        return park(request)
    }

    private func mayPunch(_ request: BlockRequest) -> Bool {
        let isDetected = request.slot.pointee.operation == .write
        let mayUnmap =
            isDetected
            ? view.pointee.unmapsZeroes : request.slot.pointee.flags.contains(.mayUnmap)
        return mayUnmap && view.pointee.unmaps && view.pointee.punchesHoles
    }

    private func isRefusedAsSlow(_ request: BlockRequest) -> Bool {
        request.slot.pointee.flags.contains(.fastOnly) && !mayPunch(request)
            && !view.pointee.zeroesRanges
    }

    private func queueZeroes(_ request: BlockRequest) {
        if mayPunch(request) {
            queueZeroes(request, mode: Self.punchHole) { ticket, result in
                FileDriver.withDriver(of: ticket) { driver, request in
                    if result == -EOPNOTSUPP { driver.view.pointee.punchesHoles = false }
                    driver.zeroesEnded(request, result)
                }
            }
        } else if view.pointee.zeroesRanges {
            queueZeroes(request, mode: Self.zeroRange) { ticket, result in
                FileDriver.withDriver(of: ticket) { driver, request in
                    if result == -EOPNOTSUPP { driver.view.pointee.zeroesRanges = false }
                    driver.zeroesEnded(request, result)
                }
            }
        } else {
            queuePiece(request)
        }
    }

    private func queueZeroes(
        _ request: BlockRequest,
        mode: Int32,
        handler: @escaping KernelTicket.Handler
    ) {
        kernel.allocate(
            fd: view.pointee.fd,
            mode: mode,
            offset: request.slot.pointee.offsetBytes,
            length: request.slot.pointee.lengthBytes,
            ticket: ticket(request, handler)
        )
    }

    private func zeroesEnded(_ request: BlockRequest, _ result: Int32) {
        switch result {
        case 0: finishDurably(request)
        case -EINTR: queueZeroes(request)
        case -EOPNOTSUPP where isRefusedAsSlow(request): finish(request, .failed(EOPNOTSUPP))
        case -EOPNOTSUPP: queueZeroes(request)
        case -EINVAL where request.slot.pointee.flags.contains(.fastOnly):
            finish(request, .failed(EOPNOTSUPP))
        case -EINVAL:
            // A device zeroes whole sectors only; what is not one is written.
            queuePiece(request)
        default: finish(request, .failed(-result))
        }
    }

    private func queuePiece(_ request: BlockRequest) {
        let slot = request.slot
        let done = slot.pointee.progressBytes
        let length = min(slot.pointee.lengthBytes - done, UInt64(Self.zeroesBytes))
        kernel.write(
            fd: view.pointee.fd,
            buffer: zeroMemory,
            length: Int(length),
            offset: slot.pointee.offsetBytes + done,
            ticket: ticket(request) { ticket, result in
                FileDriver.withDriver(of: ticket) { $0.pieceEnded($1, result) }
            }
        )
    }

    private func pieceEnded(_ request: BlockRequest, _ result: Int32) {
        let slot = request.slot
        guard result > 0 else {
            if result == -EINTR || result == -EAGAIN { return queuePiece(request) }
            return finish(request, .failed(result == 0 ? EIO : -result))
        }
        slot.pointee.progressBytes += UInt64(result)
        if slot.pointee.progressBytes < slot.pointee.lengthBytes {
            queuePiece(request)
        } else {
            finishDurably(request)
        }
    }
}
