internal import BlockGraph
internal import CLinux
internal import Glibc
internal import RingLoop

// Payloads of large writes: received into memory of their own, or moved page by page into a pipe.
extension NBDConnection {
    /// How much of a payload is received into memory before others are looked at.
    private static let bodyBytesAtOnce = 1 << 20

    /// Starts to receive a payload, whose header was the last thing that was taken.
    func beginBody(_ transfer: UnsafeMutablePointer<NBDTransfer>) {
        body = transfer
        bodyBytes = 0
        hasAwaitedBody = false
        expectsBody = true
        lastMoveNanoseconds = loop.nowNanoseconds
        let length = transfer.pointee.lengthBytes
        // A payload of which nothing was copied yet can stay outside of our memory.
        if length >= Self.pipeWriteBytesMin, length <= UInt32(NBDPipes.capacityBytes),
            input.availableBytes == 0, backlog.isEmpty,
            path._withUnsafeGuaranteedRef({ $0.movesPages }), let pipe = pipes.take()
        {
            transfer.pointee.source = .pipe
            transfer.pointee.sourceIndex = pipe
        } else {
            takeBuffer(transfer, lengthBytes: Int(length))
        }
    }

    /// Moves what has come of the payload from the chunk to its place.
    ///
    /// - Returns: Whether the payload is whole.
    func takeBody() -> Bool {
        guard let body else { return true }
        let length = Int(body.pointee.lengthBytes)
        guard let buffer = body.pointee.buffer else { return bodyBytes == length }
        let count = min(input.availableBytes, length - bodyBytes)
        if count > 0 {
            (buffer + bodyBytes).copyMemory(from: input.bytes, byteCount: count)
            input.take(count)
            bodyBytes += count
        }
        return bodyBytes == length
    }

    /// Gets more of the payload.
    ///
    /// - Returns: Whether it can be looked at again at once; else more will come.
    func receiveBody(_ transfer: UnsafeMutablePointer<NBDTransfer>) -> Bool {
        let length = Int(transfer.pointee.lengthBytes)
        if transfer.pointee.source == .pipe {
            let writeEnd = pipes.writeEnd(transfer.pointee.sourceIndex)
            while bodyBytes < length {
                let count = clinux_splice(
                    fd,
                    -1,
                    writeEnd,
                    -1,
                    length - bodyBytes,
                    UInt32(CLINUX_SPLICE_MOVE) | UInt32(CLINUX_SPLICE_NONBLOCK)
                )
                guard count > 0 else {
                    if let isReady = bodyStopped(count) { return isReady }
                    break
                }
                bodyBytes += count
                hasAwaitedBody = false
            }
            if bodyBytes == length { return true }
        }
        guard let buffer = transfer.pointee.buffer else { return true }
        // What has come is taken at once. A wait for the whole would be a long one, in which the
        // loop is woken for each piece and no longer looks out for the next.
        let end = min(length, bodyBytes + Self.bodyBytesAtOnce)
        while bodyBytes < end {
            let count = clinux_recv_nowait(fd, buffer + bodyBytes, length - bodyBytes)
            guard count > 0 else { break }
            bodyBytes += count
        }
        if bodyBytes == length { return true }
        isReceiving = true
        isReceivingBody = true
        kernel.receive(
            fd: fd,
            buffer: buffer + bodyBytes,
            length: length - bodyBytes,
            ticket: receiveTicket
        )
        return false
    }

    /// Decides what follows when nothing more went into the pipe.
    ///
    /// - Returns: What ``receiveBody(_:)`` returns; nothing when the payload is in memory now.
    private func bodyStopped(_ result: Int) -> Bool? {
        switch result {
        case -Int(EINTR): return true
        case -Int(EAGAIN) where !hasAwaitedBody:
            hasAwaitedBody = true
            isReceivingBody = true
            awaitBytes()
            return false
        case -Int(EAGAIN):
            // There are bytes and the pipe takes none: they came in too many small pieces.
            moveBodyToMemory()
            return nil
        case 0:
            end()
            return true
        default:
            fail()
            return true
        }
    }

    /// Takes what a pipe holds of the payload into memory.
    func moveBodyToMemory() {
        guard let transfer = body, transfer.pointee.source == .pipe else { return }
        let pipe = transfer.pointee.sourceIndex
        takeBuffer(transfer, lengthBytes: Int(transfer.pointee.lengthBytes))
        var taken = 0
        while taken < bodyBytes {
            let count = read(
                pipes.readEnd(pipe),
                transfer.pointee.buffer.map { $0 + taken },
                bodyBytes - taken
            )
            precondition(count > 0, "a pipe holds \(taken) of \(bodyBytes) bytes")
            taken += count
        }
        pipes.giveBack(pipe, isEmpty: true)
    }

    /// Hands a write over whose payload has come whole.
    func submitBody() {
        guard let transfer = body else { return }
        body = nil
        if isShutDown { return answer(transfer, error: .shutDown) }
        if transfer.pointee.source == .pipe {
            transfer.pointee.slot.pointee.pipe = pipes.readEnd(transfer.pointee.sourceIndex)
        }
        submit(transfer, .write)
    }
}
