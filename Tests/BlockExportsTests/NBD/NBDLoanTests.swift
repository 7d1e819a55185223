import BlockGraph
import Glibc
import Simulation
import Testing

@testable import BlockExports

@Suite("Replies with bytes that are lent", .serialized)
struct NBDLoanTests {
    private func pattern(_ count: Int, _ seed: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ seed &* 7 &+ $0 >> 8) }
    }

    private func write(_ client: RawClient, _ bytes: [UInt8], at offset: Int) throws {
        client.send(
            RawClient.command(1, offset: UInt64(offset), length: UInt32(bytes.count)) + bytes
        )
        #expect(try client.reply().error == 0)
        // Behind a large write only a header is received, as if another one came.
        client.send(RawClient.command(3))
        #expect(try client.reply().error == 0)
    }

    private func read(_ client: RawClient, _ count: Int, at offset: Int) throws -> [UInt8] {
        // One alone is copied.
        client.send(
            RawClient.command(0, cookie: 7, offset: UInt64(offset), length: UInt32(count))
                + RawClient.command(3, cookie: 8)
        )
        #expect(try client.reply() == (0, 7))
        let bytes = client.receive(count)
        #expect(try client.reply() == (0, 8))
        return bytes
    }

    @Test(
        "they arrive whole, also where the kernel finds nothing in their place",
        arguments: [MemoryDriver.Lending.pages, .nowhere]
    )
    func arrive(_ lending: MemoryDriver.Lending) throws {
        let disk = try ServedDisk()
        disk.lend(lending)
        let client = try RawClient(disk.socketPath)
        try client.enter()
        let bytes = pattern(1 << 20, 1)
        try write(client, bytes, at: 0)
        for (offset, length) in [(0, 1), (511, 4097), (4096, 65_536), (7, 1 << 19)] {
            let expected = Array(bytes[offset..<(offset + length)])
            #expect(try read(client, length, at: offset) == expected)
        }
        var batch: [UInt8] = []
        for index in 0..<100 {
            let offset = UInt64(index * 8192)
            batch += RawClient.command(0, cookie: UInt64(index), offset: offset, length: 4096)
        }
        client.send(batch)
        for index in 0..<100 {
            #expect(try client.reply() == (0, UInt64(index)))
            let offset = index * 8192
            #expect(client.receive(4096) == Array(bytes[offset..<(offset + 4096)]))
        }
    }

    @Test("what cannot be sent at once is a copy of what was read")
    func copies() throws {
        let disk = try ServedDisk()
        disk.lend(.pages)
        let slow = try RawClient(disk.socketPath)
        try slow.enter()
        let bytes = pattern(4 << 20, 2)
        try write(slow, bytes, at: 0)
        // Far more than the socket holds.
        let length = 65_536
        slow.send(
            (0..<60)
                .flatMap { index in
                    let offset = UInt64(index * length)
                    return RawClient.command(
                        0,
                        cookie: UInt64(index),
                        offset: offset,
                        length: UInt32(length)
                    )
                }
        )
        let other = try RawClient(disk.socketPath)
        try other.enter()
        while disk.totals?.reads != 60 {}
        try write(other, [UInt8](repeating: 0xee, count: 4 << 20), at: 0)
        for index in 0..<60 {
            #expect(try slow.reply() == (0, UInt64(index)))
            let offset = index * length
            #expect(slow.receive(length) == Array(bytes[offset..<(offset + length)]))
        }
    }

    @Test("reads of bytes that are neither mapped nor in the file fail, and are counted so")
    func lost() throws {
        let disk = try ServedDisk()
        let client = try RawClient(disk.socketPath)
        try client.enter()
        let bytes = pattern(8192, 3)
        try write(client, bytes, at: 0)
        disk.lend(.nowhere)
        disk.truncate(to: 4096)
        client.send(
            RawClient.command(0, cookie: 1, length: 4096)
                + RawClient.command(0, cookie: 2, offset: 4096, length: 4096)
                + RawClient.command(0, cookie: 3, length: 4096)
        )
        for cookie in 1...3 as ClosedRange<UInt64> {
            #expect(try client.reply() == (cookie == 2 ? 5 : 0, cookie))
            if cookie != 2 { #expect(client.receive(4096) == Array(bytes[..<4096])) }
        }
        #expect(disk.totals?.failed == 1)
        #expect(disk.totals?.bytesRead == 8192)
    }

    @Test("a reply of which a part has gone ends the connection when the rest is lost")
    func cutShort() throws {
        let disk = try ServedDisk()
        disk.lend(.pages)
        let client = try RawClient(disk.socketPath)
        try client.enter()
        try write(client, pattern(4 << 20, 3), at: 0)
        // The last page of the answer is behind the file's new end.
        disk.truncate(to: (1 << 20) - 4096)
        client.send(RawClient.command(0, length: 1 << 20) + RawClient.command(3))
        #expect(try client.reply().error == 0)
        #expect(client.receive(1 << 20).count < 1 << 20)
        #expect(client.isAtEnd)
        let other = try RawClient(disk.socketPath)
        try other.enter()
        #expect(try read(other, 4096, at: 0) == Array(pattern(4096, 3)))
    }

    @Test("a discard or zeroes behind a read in one message do not change what was read")
    func discards() throws {
        let disk = try ServedDisk()
        disk.lend(.pages)
        let client = try RawClient(disk.socketPath)
        try client.enter()
        let bytes = pattern(8192, 4)
        for command in [4, 6] as [UInt16] {
            try write(client, bytes, at: 0)
            client.send(
                RawClient.command(0, cookie: 1, length: 8192)
                    + RawClient.command(command, cookie: 2, length: 8192)
            )
            #expect(try client.reply() == (0, 1))
            #expect(client.receive(8192) == bytes)
            #expect(try client.reply() == (0, 2))
            #expect(try read(client, 8192, at: 0) != bytes)
        }
    }

    @Test("a read that was parked before it was lent keeps its bytes too")
    func parked() throws {
        let disk = try ServedDisk()
        disk.lend(.pages)
        let client = try RawClient(disk.socketPath)
        try client.enter()
        let bytes = pattern(65_536, 5)
        try write(client, bytes, at: 0)
        disk.park(true)
        let reads = (0..<16)
            .flatMap { index in
                RawClient.command(
                    0,
                    cookie: UInt64(index),
                    offset: UInt64(index * 4096),
                    length: 4096
                )
            }
        client.send(reads + RawClient.command(4, cookie: 99, length: 65_536))
        while disk.parkedCount < 17 {}
        disk.park(false)
        // Last come first: the discard is served before the reads, which show what it left.
        disk.answerParked()
        #expect(try client.reply() == (0, 99))
        for _ in 0..<16 {
            #expect(try client.reply().error == 0)
            #expect(client.receive(4096) == [UInt8](repeating: 0xdd, count: 4096))
        }
    }

    @Test("clients whose export moves take along what was lent")
    func moves() throws {
        let disk = try ServedDisk()
        disk.lend(.pages)
        let client = try RawClient(disk.socketPath)
        try client.enter()
        let bytes = pattern(4 << 20, 6)
        try write(client, bytes, at: 0)
        client.send(
            (0..<60)
                .flatMap { index in
                    RawClient.command(
                        0,
                        cookie: UInt64(index),
                        offset: UInt64(index * 65_536),
                        length: 65_536
                    )
                }
        )
        disk.moveExport()
        for index in 0..<60 {
            #expect(try client.reply() == (0, UInt64(index)))
            let offset = index * 65_536
            #expect(client.receive(65_536) == Array(bytes[offset..<(offset + 65_536)]))
        }
        #expect(disk.clientCount == 1)
    }
}
