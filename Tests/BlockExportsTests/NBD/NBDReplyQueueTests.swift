import BlockGraph
import Glibc
import Testing

@testable import BlockExports

@Suite("NBD replies")
struct NBDReplyQueueTests {
    /// Replies of given header and payload lengths, with distinct bytes.
    final class Replies {
        let transfers: UnsafeMutablePointer<NBDTransfer>
        let vectors = UnsafeMutablePointer<iovec>.allocate(capacity: 64)
        let count: Int
        var queue = NBDReplyQueue()
        var expected: [UInt8] = []
        private let slot: UnsafeMutablePointer<RequestSlot>

        init(_ lengths: [(header: Int, payload: Int)]) {
            count = lengths.count
            slot = .allocate(capacity: 1)
            slot.initialize(to: RequestSlot(completion: { _ in }, owner: nil))
            transfers = .allocate(capacity: count)
            var byte: UInt8 = 0
            for (index, length) in lengths.enumerated() {
                (transfers + index).initialize(to: NBDTransfer(slot: slot))
                let header = UnsafeMutableRawPointer(transfers + index)
                for place in 0..<length.header {
                    header.storeBytes(of: byte, toByteOffset: place, as: UInt8.self)
                    expected.append(byte)
                    byte &+= 1
                }
                transfers[index].headerBytes = length.header
                transfers[index].payloadBytes = length.payload
                if length.payload > 0 {
                    let payload = UnsafeMutableRawPointer.allocate(
                        byteCount: length.payload,
                        alignment: 1
                    )
                    for place in 0..<length.payload {
                        payload.storeBytes(of: byte, toByteOffset: place, as: UInt8.self)
                        expected.append(byte)
                        byte &+= 1
                    }
                    transfers[index].payload = payload
                }
                queue.append(transfers + index)
            }
        }

        deinit {
            for index in 0..<count { transfers[index].payload?.deallocate() }
            transfers.deallocate()
            vectors.deallocate()
            slot.deallocate()
        }

        /// Sends at most so many bytes, as a socket would.
        func send(atMost limit: Int, capacity: Int = 64) -> (bytes: [UInt8], whole: Int) {
            let gathering = queue.gather(into: vectors, capacity: capacity)
            var bytes: [UInt8] = []
            for index in 0..<gathering.count {
                bytes += UnsafeRawBufferPointer(
                    start: vectors[index].iov_base,
                    count: vectors[index].iov_len
                )
            }
            #expect(bytes.count == gathering.bytes)
            bytes = Array(bytes.prefix(limit))
            var sent = bytes.count
            var whole = 0
            while queue.advance(&sent) != nil { whole += 1 }
            return (bytes, whole)
        }
    }

    @Test(
        "partial sends go on at the right byte",
        arguments: [1, 2, 3, 7, 15, 16, 17, 30, 1000]
    )
    func partialSends(limit: Int) {
        let replies = Replies([(16, 0), (16, 33), (28, 5), (16, 0), (0, 9), (20, 0)])
        var bytes: [UInt8] = []
        var whole = 0
        while replies.queue.first != nil {
            let sent = replies.send(atMost: limit)
            bytes += sent.bytes
            whole += sent.whole
            #expect(replies.queue.unsentBytes == replies.expected.count - bytes.count)
        }
        #expect(bytes == replies.expected)
        #expect(whole == 6)
    }

    @Test("a message takes no more vectors than there are")
    func capacity() {
        let replies = Replies([(16, 4), (16, 4), (16, 4)])
        #expect(replies.queue.gather(into: replies.vectors, capacity: 5).count == 4)
        #expect(replies.queue.gather(into: replies.vectors, capacity: 6).count == 6)
    }

    @Test("a payload in a pipe ends the message and has its own turn")
    func pipes() {
        let replies = Replies([(16, 0), (16, 0), (16, 4)])
        replies.transfers[1].pipe = 77
        replies.transfers[1].payloadBytes = 100
        let first = replies.queue.gather(into: replies.vectors, capacity: 64)
        #expect(first == NBDReplyQueue.Gathering(count: 2, bytes: 32, isFollowed: true))
        #expect(replies.queue.pipeTurn == nil)
        var sent = 32
        #expect(replies.queue.advance(&sent) == replies.transfers)
        #expect(replies.queue.advance(&sent) == nil)
        #expect(replies.queue.pipeTurn?.bytes == 100)
        sent = 60
        #expect(replies.queue.advance(&sent) == nil)
        #expect(replies.queue.pipeTurn?.bytes == 40)
        sent = 40
        #expect(replies.queue.advance(&sent) == replies.transfers + 1)
        #expect(replies.queue.gather(into: replies.vectors, capacity: 64).bytes == 20)
    }

    @Test("extents become descriptors that never exceed what was asked")
    func extents() {
        var extents = ExtentList()
        defer { extents.deallocate() }
        _ = extents.append(.init(lengthBytes: 4096, isHole: false, readsZero: false))
        _ = extents.append(.init(lengthBytes: 1 << 40, isHole: true, readsZero: true))
        var bytes = [UInt8](repeating: 0, count: 16)
        let both = bytes.withUnsafeMutableBytes { room in
            room.baseAddress.map {
                NBDExtentScratch.encode(
                    extents,
                    as: .allocation,
                    lengthBytes: 8192,
                    onlyFirst: false,
                    to: $0
                )
            }
        }
        #expect(both == 2)
        #expect(bytes == [0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 3])
        let one = bytes.withUnsafeMutableBytes { room in
            room.baseAddress.map {
                NBDExtentScratch.encode(
                    extents,
                    as: .allocation,
                    lengthBytes: 100,
                    onlyFirst: true,
                    to: $0
                )
            }
        }
        #expect(one == 1)
        #expect(bytes.prefix(8) == [0, 0, 0, 100, 0, 0, 0, 0])
    }

    @Test(
        "of each context neighbours of which it says the same are one descriptor",
        arguments: [
            (.allocation, false, [8192, 0, 4096, 3]), (.allocation, true, [8192, 0]),
            (.depth, false, [4096, 1, 4096, 2, 4096, 0]), (.depth, true, [4096, 1]),
        ] as [(NBDContext, Bool, [UInt32])]
    )
    func contexts(context: NBDContext, onlyFirst: Bool, wanted: [UInt32]) {
        var extents = ExtentList()
        defer { extents.deallocate() }
        _ = extents.append(.init(lengthBytes: 4096, isHole: false, readsZero: false))
        _ = extents.append(.init(lengthBytes: 4096, isHole: false, readsZero: false, depth: 2))
        _ = extents.append(
            .init(lengthBytes: 8192, isHole: true, readsZero: true, depth: 2, isUnowned: true)
        )
        var words = [UInt32](repeating: 0, count: 6)
        let count = words.withUnsafeMutableBytes { room in
            room.baseAddress.map {
                NBDExtentScratch.encode(
                    extents,
                    as: context,
                    lengthBytes: 12_288,
                    onlyFirst: onlyFirst,
                    to: $0
                )
            }
        }
        #expect(count == wanted.count / 2)
        #expect(words.prefix(wanted.count).map(\.bigEndian) == wanted)
    }

    @Test(
        "a pipe holds a range when its pages fit",
        arguments: [
            (0, 1 << 20, true), (4096, 1 << 20, true), (1, 1 << 20, false),
            (1, (1 << 20) - 1, true), (4095, (1 << 20) - 4095, true), (0, (1 << 20) + 1, false),
            (.max - 1, 65_536, true),
        ] as [(UInt64, UInt32, Bool)]
    )
    func pipePages(offset: UInt64, length: UInt32, fits: Bool) {
        #expect(NBDPipes.holds(offsetBytes: offset, lengthBytes: length) == fits)
    }
}
