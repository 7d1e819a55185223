internal import BlockGraph
internal import CLinux
internal import Glibc
internal import RingLoop

// From replies to the socket.
extension NBDConnection {
    /// Sends replies until none is left or the socket is full; what was lent is copied then.
    func flush() {
        sendReplies()
        if lentCount > 0 { copyLent() }
    }

    private func sendReplies() {
        // Who leaves takes along what is not sent, and who ends has nowhere to take it.
        guard !isPolling, phase == .ending || (phase == .serving && !isLeaving) else { return }
        while replies.first != nil {
            let result = sendOnce()
            if result > 0 {
                lastMoveNanoseconds = loop.nowNanoseconds
                var sentBytes = result
                while let transfer = replies.advance(&sentBytes) {
                    release(transfer, isSent: true)
                }
            } else if result == -Int(EAGAIN) {
                isPolling = true
                kernel.poll(fd: fd, events: UInt32(CLINUX_POLL_OUT), ticket: pollTicket)
                return
            } else if result == -Int(EFAULT), lentCount > 0 {
                // The file has ended before a page that was lent.
                copyLent()
            } else if result != -Int(EINTR) {
                // The client has gone, or a pipe holds less than was promised.
                return fail()
            }
        }
    }

    private func sendOnce() -> Int {
        if let turn = replies.pipeTurn {
            return clinux_splice(
                turn.pipe,
                -1,
                fd,
                -1,
                turn.bytes,
                UInt32(CLINUX_SPLICE_MOVE) | UInt32(CLINUX_SPLICE_NONBLOCK)
            )
        }
        let gathering = replies.gather(into: vectors, capacity: Self.vectorCount)
        if gathering.count == 1, !gathering.isFollowed, let start = vectors[0].iov_base {
            return clinux_send_nowait(fd, start, vectors[0].iov_len, 0)
        }
        return clinux_writev_nowait(
            fd,
            vectors,
            UInt32(gathering.count),
            gathering.isFollowed ? Int32(CLINUX_MSG_MORE) : 0
        )
    }

    /// Takes the news that the socket has room again.
    func becameWritable(_ result: Int32) {
        isPolling = false
        guard result >= 0 || (result == -ECANCELED && isLeaving) else {
            // One that has failed already waited for this.
            fail()
            return settle()
        }
        flush()
        proceed()
    }

    /// Gives back everything that a request had.
    @inline(__always)
    func release(_ transfer: UnsafeMutablePointer<NBDTransfer>, isSent: Bool) {
        releasePayload(transfer, isSent: isSent)
        requests.giveBack(BlockRequest(transfer.pointee.slot))
    }

    /// Gives back the memory, or the pipe, of a request's payload.
    @inline(__always)
    func releasePayload(_ transfer: UnsafeMutablePointer<NBDTransfer>, isSent: Bool) {
        switch transfer.pointee.source {
        case .none: return
        case .buffer:
            if let buffer = transfer.pointee.buffer {
                buffers.giveBack(buffer, lengthBytes: transfer.pointee.bufferBytes)
                memoryBytes -= transfer.pointee.bufferBytes
            }
        case .chunk: input.unpin(transfer.pointee.sourceIndex)
        case .pipe:
            pipes.giveBack(transfer.pointee.sourceIndex, isEmpty: isSent)
            transfer.pointee.slot.pointee.pipe = -1
            transfer.pointee.pipe = -1
        case .scratch:
            scratch.giveBack(transfer.pointee.sourceIndex)
            transfer.pointee.slot.pointee.extents = nil
        case .heap:
            transfer.pointee.buffer?.deallocate()
            memoryBytes -= transfer.pointee.bufferBytes
        case .lent:
            transfer.pointee.loan = nil
            lentCount &-= 1
        }
        transfer.pointee.buffer = nil
        transfer.pointee.source = .none
    }

    /// Everything that is answered and not sent, as it would go out.
    func remainingOutput() -> [UInt8] {
        var bytes: [UInt8] = []
        while replies.first != nil {
            if let turn = replies.pipeTurn {
                let start = bytes.count
                bytes += [UInt8](repeating: 0, count: turn.bytes)
                let count = bytes.withUnsafeMutableBytes { room in
                    read(turn.pipe, room.baseAddress.map { $0 + start }, turn.bytes)
                }
                precondition(count == turn.bytes, "a pipe holds \(count) of \(turn.bytes) bytes")
                skip(count)
            } else {
                let gathering = replies.gather(into: vectors, capacity: Self.vectorCount)
                for index in 0..<gathering.count {
                    bytes += UnsafeRawBufferPointer(
                        start: vectors[index].iov_base,
                        count: vectors[index].iov_len
                    )
                }
                skip(gathering.bytes)
            }
        }
        return bytes
    }

    private func skip(_ count: Int) {
        var rest = count
        while let transfer = replies.advance(&rest) { release(transfer, isSent: true) }
    }

    /// Makes what came with the passage the first thing that goes out.
    func queuePassageOutput(_ bytes: [UInt8]) {
        guard !bytes.isEmpty, let request = requests.take() else { return }
        let transfer = transfers + Int(request.slot.pointee.ownerIndex)
        transfer.pointee.begin(NBDCommand(type: nil, offsetBytes: 0, lengthBytes: 0))
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes.count, alignment: 16)
        memory.copyMemory(from: bytes, byteCount: bytes.count)
        transfer.pointee.buffer = memory
        transfer.pointee.bufferBytes = bytes.count
        transfer.pointee.source = .heap
        memoryBytes += bytes.count
        transfer.pointee.payload = memory
        transfer.pointee.payloadBytes = bytes.count
        replies.append(transfer)
    }
}
