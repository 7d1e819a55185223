import Glibc

/// The transmission of one client of a `BareServer`.
final class BareConnection {
    private static let requestBytes = 28
    private static let capacity = 4 << 20
    private static let gatherBytesMax = 256 << 10
    /// How long the socket is looked at before the thread sleeps, as sluice does.
    private static let pollNanoseconds: UInt64 = 60_000

    private let descriptor: Int32
    private let file: Int32
    private let input = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 4096)
    private let output = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 4096)
    private var held = 0
    private var gathered = 0

    init(descriptor: Int32, file: Int32) {
        self.descriptor = descriptor
        self.file = file
    }

    deinit {
        input.deallocate()
        output.deallocate()
    }

    /// Answers requests until the client leaves or asks for something unknown.
    func run() {
        while receive() {
            var offset = 0
            while held - offset >= Self.requestBytes {
                guard let taken = answer(input + offset, available: held - offset) else { return }
                guard taken > 0 else { break }
                offset += taken
                if gathered >= Self.gatherBytesMax, !flush() { return }
            }
            held -= offset
            memmove(input, input + offset, held)
            guard flush() else { return }
        }
    }

    /// How many bytes a request took; none if it is not whole yet; nil if the client must go.
    private func answer(_ request: UnsafeMutableRawPointer, available: Int) -> Int? {
        let kind = UInt16(bigEndian: request.loadUnaligned(fromByteOffset: 6, as: UInt16.self))
        let place = request.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
        let offset = off_t(truncatingIfNeeded: UInt64(bigEndian: place))
        let length = Int(
            UInt32(bigEndian: request.loadUnaligned(fromByteOffset: 24, as: UInt32.self))
        )
        let data = output + gathered + 16
        var taken = Self.requestBytes
        var replyBytes = 16
        switch kind {
        case 0:
            guard length <= 1 << 20, pread(file, data, length, offset) == length else { return nil }
            replyBytes += length
        case 1:
            taken += length
            guard taken <= Self.capacity else { return nil }
            guard available >= taken else { return 0 }
            guard pwrite(file, request + Self.requestBytes, length, offset) == length else {
                return nil
            }
        case 3:
            guard fdatasync(file) == 0 else { return nil }
        default:
            return nil
        }
        (output + gathered).storeBytes(of: UInt32(0x6744_6698).bigEndian, as: UInt32.self)
        (output + gathered).storeBytes(of: 0, toByteOffset: 4, as: UInt32.self)
        memcpy(output + gathered + 8, request + 8, 8)
        gathered += replyBytes
        return taken
    }

    private func receive() -> Bool {
        var deadline: UInt64 = 0
        var flags = Int32(MSG_DONTWAIT)
        while true {
            let result = recv(descriptor, input + held, Self.capacity - held, flags)
            if result > 0 {
                held += result
                return true
            }
            guard result < 0, errno == EAGAIN else { return false }
            let instant = now()
            if deadline == 0 { deadline = instant + Self.pollNanoseconds }
            if instant > deadline { flags = 0 }
        }
    }

    private func flush() -> Bool {
        var sent = 0
        while sent < gathered {
            let result = send(descriptor, output + sent, gathered - sent, Int32(MSG_NOSIGNAL))
            guard result > 0 else { return false }
            sent += result
        }
        gathered = 0
        return true
    }

    private func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
