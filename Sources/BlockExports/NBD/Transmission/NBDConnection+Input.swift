internal import BlockGraph
internal import CLinux
internal import Glibc
internal import RingLoop

// From the socket to commands.
extension NBDConnection {
    /// Why the parser stopped.
    enum Stop {
        /// More bytes must come.
        case needsInput
        /// A transfer, memory or the client's attention must become free.
        case noRoom
        /// The port is paused.
        case paused
        /// Nothing more is taken from this client.
        case ended
    }

    /// Serves what has come, sends what is answered, and waits for more.
    func proceed() {
        while !isReceiving, phase == .serving || phase == .ending {
            let stop = takeInput()
            let usedBefore = requests.usedCount
            flush()
            switch stop {
            case .needsInput:
                if receive() { continue }
            case .noRoom:
                // What was sent has made room; otherwise a completion will.
                if requests.usedCount < usedBefore { continue }
            case .paused, .ended: break
            }
            break
        }
        balanceMemory()
        settle()
    }

    private func takeInput() -> Stop {
        while phase == .serving {
            if isPaused { return .paused }
            if refused != nil {
                guard takeRefused() else { return .needsInput }
                continue
            }
            if body != nil {
                guard takeBody() else { return .needsInput }
                submitBody()
                continue
            }
            wantedBytes = NBDCommand.headerBytes
            guard input.availableBytes >= NBDCommand.headerBytes else { return .needsInput }
            if replies.unsentBytes >= Self.gatheredBytes {
                flush()
                if replies.unsentBytes >= Self.unsentBytesMax { return .noRoom }
            }
            guard memoryBytes < Self.memoryBytesMax, requests.usedCount < requests.capacity else {
                return .noRoom
            }
            guard let command = NBDCommand(at: input.bytes) else {
                end()
                return .ended
            }
            guard hasMemory(for: command) else { return .noRoom }
            if let stop = serve(command) { return stop }
        }
        return .ended
    }

    /// Throws the payload of a refused write away, then answers it.
    private func takeRefused() -> Bool {
        let count = min(input.availableBytes, refusedBytes)
        if count > 0 {
            input.take(count)
            refusedBytes -= count
        }
        guard refusedBytes == 0, let transfer = refused else {
            wantedBytes = 1
            return false
        }
        refused = nil
        answer(transfer, error: refusal)
        return true
    }

    /// Gets more bytes.
    ///
    /// - Returns: Whether there are some at once; else they will come, or a chunk must be unpinned.
    private func receive() -> Bool {
        if let body {
            if backlog.isEmpty, !isShutDown { return receiveBody(body) }
            moveBodyToMemory()
        }
        guard input.makeRoom(for: wantedBytes) else { return false }
        var room = input.lendRoom()
        if !backlog.isEmpty { return receiveBacklog(into: room) }
        if expectsBody, refused == nil {
            // Only the header, so that the payload can be received straight into its place.
            let count = max(1, NBDCommand.headerBytes - input.availableBytes)
            room = UnsafeMutableRawBufferPointer(rebasing: room.prefix(count))
        }
        guard let start = room.baseAddress else { return false }
        if isShutDown || expectsBody {
            let count = clinux_recv_nowait(fd, start, room.count)
            if count > 0 {
                input.received(count)
                return true
            }
            if isShutDown {
                input.received(0)
                end()
                return true
            }
        }
        isReceiving = true
        isReceivingBody = false
        kernel.receive(fd: fd, buffer: start, length: room.count, ticket: receiveTicket)
        return false
    }

    private func receiveBacklog(into room: UnsafeMutableRawBufferPointer) -> Bool {
        let count = min(room.count, backlog.count)
        room.copyBytes(from: backlog.prefix(count))
        backlog = count == backlog.count ? [] : backlog.dropFirst(count)
        input.received(count)
        return true
    }

    /// Takes the outcome of a receive, or of a wait for bytes.
    func received(_ result: Int32) {
        isReceiving = false
        let count = isAwaitingBytes ? 0 : max(0, Int(result))
        if isReceivingBody { bodyBytes += count } else { input.received(count) }
        if isPaused { noteHeld() }
        if isAwaitingBytes {
            isAwaitingBytes = false
            if result < 0 { receiveFailed(result) }
        } else if result == -EAGAIN || result == -EINTR {
            awaitBytes()
        } else if result == 0 {
            end()
        } else if result < 0 {
            receiveFailed(result)
        }
        proceed()
    }

    /// A cancel that nobody here asked for means that the loop ends.
    private func receiveFailed(_ result: Int32) {
        if result == -ECANCELED, isLeaving || isShutDown || phase == .ending { return }
        fail()
    }

    /// Waits until a socket has bytes on which the kernel does not want to wait in a receive.
    func awaitBytes() {
        guard phase == .serving, !isLeaving, !isShutDown else { return }
        isReceiving = true
        isAwaitingBytes = true
        if !isReceivingBody { _ = input.lendRoom() }
        kernel.poll(fd: fd, events: UInt32(CLINUX_POLL_IN), ticket: receiveTicket)
    }

    /// Everything that has come and is not served, as it came.
    func remainingInput() -> [UInt8] {
        var bytes: [UInt8] = []
        moveBodyToMemory()
        if let body, let buffer = body.pointee.buffer {
            bytes += body.pointee.commandBytes
            bytes += UnsafeRawBufferPointer(start: buffer, count: bodyBytes)
        }
        if let refused {
            bytes += refused.pointee.commandBytes
            let thrownAway = Int(refused.pointee.lengthBytes) - refusedBytes
            bytes += [UInt8](repeating: 0, count: thrownAway)
        }
        bytes += UnsafeRawBufferPointer(start: input.bytes, count: input.availableBytes)
        return bytes + backlog
    }
}
