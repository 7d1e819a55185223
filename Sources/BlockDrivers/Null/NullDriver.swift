internal import BlockGraph
internal import Glibc
internal import RingLoop

/// One loop's view of a `null-co` node.
///
/// Every read gives zeroes: a buffer left as it is would show a client what another one has read.
/// Without `read-zeroes` it is merely not promised by the extents.
final class NullDriver: BlockDriver {
    private let node: OpenNull
    private var line: DelayLine?
    private var readsZeroes: Bool

    init(node: OpenNull, loop: EventLoop) {
        self.node = node
        let settings = node.currentSettings
        readsZeroes = settings.readsZeroes
        line = DelayLine(loop: loop, delayNanoseconds: settings.latencyNanoseconds) {
            [unowned self] request in request.finish(answer(request))
        }
    }

    var movesPages: Bool { false }

    func submit(_ request: BlockRequest) -> BlockStatus {
        guard let line, line.holds else { return answer(request) }
        line.hold(request)
        return .parked
    }

    func drainBegan() { line?.drainBegan() }
    func drainEnded() { line?.drainEnded() }

    func optionsChanged() {
        let settings = node.currentSettings
        readsZeroes = settings.readsZeroes
        line?.setDelay(nanoseconds: settings.latencyNanoseconds)
    }

    private func answer(_ request: BlockRequest) -> BlockStatus {
        let slot = request.slot
        // A path that was made over another child may still carry its payloads in pipes.
        if slot.pointee.pipe >= 0 { return answerPipe(slot) }
        switch slot.pointee.operation {
        case .read:
            if let buffer = slot.pointee.buffer {
                memset(buffer, 0, Int(slot.pointee.lengthBytes))
            }
        case .extents:
            _ = slot.pointee.extents?.pointee.append(
                ExtentList.Extent(
                    lengthBytes: slot.pointee.lengthBytes,
                    isHole: readsZeroes,
                    readsZero: readsZeroes
                )
            )
        case .write, .flush, .discard, .writeZeroes:
            break
        }
        return .done
    }

    private func answerPipe(_ slot: UnsafeMutablePointer<RequestSlot>) -> BlockStatus {
        let isRead = slot.pointee.operation == .read
        guard isRead || slot.pointee.operation == .write else { return .done }
        return withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 4096) { piece in
            guard let start = piece.baseAddress else { return .failed(ENOMEM) }
            memset(start, 0, piece.count)
            var left = Int(clamping: slot.pointee.lengthBytes)
            while left > 0 {
                let length = min(left, piece.count)
                let moved =
                    isRead
                    ? Glibc.write(slot.pointee.pipe, start, length)
                    : Glibc.read(slot.pointee.pipe, start, length)
                guard moved > 0 else { return .failed(EIO) }
                left -= moved
            }
            return .done
        }
    }
}
