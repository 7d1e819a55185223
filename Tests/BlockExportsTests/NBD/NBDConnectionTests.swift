import BlockGraph
import GraphModel
import Glibc
import Simulation
import Testing

@testable import BlockExports

@Suite("NBD connections", .serialized)
struct NBDConnectionTests {
    private func pattern(_ count: Int, _ seed: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ seed &* 7 &+ $0 >> 8) }
    }

    @Test(
        "bytes that were written are read back, whatever the length",
        arguments: [false, true]
    )
    func roundTrips(movesPages: Bool) throws {
        let disk = try ServedDisk(movesPages: movesPages)
        let client = try RawClient(disk.socketPath)
        try client.enter()
        let lengths = [1, 511, 4096, 65_536, 65_537, 262_116, 262_144, 300_000, 1 << 20, 5 << 20]
        for (index, length) in lengths.enumerated() {
            let bytes = pattern(length, index)
            client.send(RawClient.command(1, cookie: 5, offset: 777, length: UInt32(length)))
            client.send(bytes)
            #expect(try client.reply() == (0, 5))
            client.send(RawClient.command(0, cookie: 6, offset: 777, length: UInt32(length)))
            #expect(try client.reply() == (0, 6))
            #expect(client.receive(length) == bytes)
        }
        #expect(disk.totals?.writes == UInt64(lengths.count))
        #expect(disk.totals?.bytesRead == UInt64(lengths.reduce(0, +)))
    }

    @Test("requests in one send are answered together, and in pieces of any size too")
    func batches() throws {
        let disk = try ServedDisk()
        let client = try RawClient(disk.socketPath)
        try client.enter()
        var bytes: [UInt8] = []
        for index in 0..<200 {
            let offset = UInt64(index * 512)
            bytes += RawClient.command(
                1,
                cookie: UInt64(index),
                offset: offset,
                length: 512
            )
            bytes += pattern(512, index)
        }
        var start = 0
        var step = 1
        while start < bytes.count {
            let end = min(bytes.count, start + step)
            client.send(Array(bytes[start..<end]))
            start = end
            step = step * 3 % 4001 + 1
        }
        for index in 0..<200 { #expect(try client.reply() == (0, UInt64(index))) }
        client.send(RawClient.command(0, cookie: 9, offset: 199 * 512, length: 512))
        _ = try client.reply()
        #expect(client.receive(512) == pattern(512, 199))
    }

    @Test("parked writes keep their bytes while more arrive, and may be answered in any order")
    func parkedWrites() throws {
        let disk = try ServedDisk()
        let client = try RawClient(disk.socketPath)
        try client.enter()
        disk.park(true)
        for index in 0..<120 {
            client.send(
                RawClient.command(
                    1,
                    cookie: UInt64(index),
                    offset: UInt64(index * 16_384),
                    length: 16_384
                )
            )
            client.send(pattern(16_384, index))
        }
        while disk.parkedCount < 100 {}
        disk.park(false)
        disk.answerParked()
        var cookies: Set<UInt64> = []
        for _ in 0..<120 { cookies.insert(try client.reply().cookie) }
        #expect(cookies.count == 120)
        for index in [0, 57, 119] {
            client.send(
                RawClient.command(0, offset: UInt64(index * 16_384), length: 16_384)
            )
            _ = try client.reply()
            #expect(client.receive(16_384) == pattern(16_384, index))
        }
    }

    @Test("a client that reads nothing is held back and then gets everything")
    func backPressure() throws {
        let disk = try ServedDisk()
        let client = try RawClient(disk.socketPath)
        try client.enter()
        let flags = fcntl(client.fd, F_GETFL)
        _ = fcntl(client.fd, F_SETFL, flags | O_NONBLOCK)
        // Far more answers than sockets and limits hold: some requests cannot even be sent.
        let request = RawClient.command(0, length: 1 << 20)
        var sentCount = 0
        while sentCount < 100, Glibc.send(client.fd, request, 28, 0x4000) == 28 { sentCount += 1 }
        _ = fcntl(client.fd, F_SETFL, flags)
        for _ in 0..<sentCount {
            #expect(try client.reply().error == 0)
            #expect(client.receive(1 << 20).count == 1 << 20)
        }
    }

    @Test("refused writes are read past, and the conversation goes on")
    func refusedWrites() throws {
        let disk = try ServedDisk()
        let client = try RawClient(disk.socketPath)
        try client.enter()
        let length = 3 << 20
        client.send(
            RawClient.command(
                1,
                cookie: 3,
                offset: UInt64(ServedDisk.sizeBytes),
                length: UInt32(length)
            )
        )
        client.send([UInt8](repeating: 1, count: length))
        #expect(try client.reply() == (28, 3))
        client.send(RawClient.command(99, cookie: 4))
        #expect(try client.reply() == (22, 4))
        client.send(RawClient.command(1, length: (64 << 20) + 1))
        #expect(client.isAtEnd)
    }

    @Test("a wrong magic, and a disconnect, end the connection", arguments: [true, false])
    func ends(isBreach: Bool) throws {
        let disk = try ServedDisk()
        let client = try RawClient(disk.socketPath)
        try client.enter()
        client.send(RawClient.command(3, cookie: 8))
        client.send(isBreach ? [UInt8](repeating: 0x41, count: 28) : RawClient.command(2))
        #expect(try client.reply() == (0, 8))
        #expect(client.isAtEnd)
        while disk.clientCount > 0 {}
    }

    @Test("a large write in pieces too many for a pipe arrives whole")
    func piecemealWrite() throws {
        let disk = try ServedDisk(movesPages: true)
        let client = try RawClient(disk.socketPath)
        try client.enter()
        let bytes = pattern(1 << 20, 3)
        for _ in 0..<2 {
            client.send(RawClient.command(1, cookie: 1, length: UInt32(bytes.count)))
            for start in stride(from: 0, to: bytes.count, by: 1000) {
                client.send(Array(bytes[start..<min(bytes.count, start + 1000)]))
            }
            #expect(try client.reply() == (0, 1))
        }
        client.send(RawClient.command(0, cookie: 2, length: UInt32(bytes.count)))
        #expect(try client.reply() == (0, 2))
        #expect(client.receive(bytes.count) == bytes)
    }

    @Test("a write that is cut off in its payload changes nothing")
    func cutOffWrite() throws {
        let disk = try ServedDisk()
        for length in [4096, 1 << 20] {
            let client = try RawClient(disk.socketPath)
            try client.enter()
            client.send(RawClient.command(1, length: UInt32(length)))
            client.send([UInt8](repeating: 0xee, count: length - 1))
            shutdown(client.fd, Int32(SHUT_WR))
            #expect(client.isAtEnd)
        }
        #expect(disk.totals?.writes == 0)
    }

    @Test("a pause holds requests back, and they are counted when they go on")
    func pause() throws {
        let disk = try ServedDisk()
        let client = try RawClient(disk.socketPath)
        try client.enter()
        client.send(RawClient.command(3, cookie: 9))
        #expect(try client.reply() == (0, 9))
        disk.pause()
        client.send(RawClient.command(3, cookie: 1) + RawClient.command(3, cookie: 2))
        // The loop has taken the bytes when it has answered another client behind them.
        let other = try RawClient(disk.socketPath)
        #expect(other.receive(18).count == 18)
        #expect(disk.totals?.flushes == 1)
        disk.resume()
        #expect(try client.reply() == (0, 1))
        #expect(try client.reply() == (0, 2))
        #expect(disk.totals?.held == 2)
    }

    @Test("what came right before the end of a pause was held, too")
    func lateInPause() throws {
        let disk = try ServedDisk()
        let client = try RawClient(disk.socketPath)
        try client.enter()
        client.send(RawClient.command(3, cookie: 9))
        #expect(try client.reply() == (0, 9))
        disk.pause()
        // Between the two the loop has no turn in which it could take the bytes.
        let (fd, command) = (client.fd, RawClient.command(3, cookie: 1))
        disk.resume(after: { _ = write(fd, command, command.count) })
        #expect(try client.reply() == (0, 1))
        #expect(disk.totals?.held == 1)
        // Without a request there is nothing to count.
        disk.pause()
        disk.resume()
        client.send(RawClient.command(3, cookie: 2))
        #expect(try client.reply() == (0, 2))
        #expect(disk.totals?.held == 1)
    }

    @Test(
        "clients go on when their export moves, in the middle of a payload too",
        arguments: [false, true]
    )
    func moves(movesPages: Bool) throws {
        let disk = try ServedDisk(movesPages: movesPages)
        let client = try RawClient(disk.socketPath)
        try client.enter()
        // The first large write leaves the connection expecting another one, which uses a pipe.
        let first = pattern(1 << 20, 2)
        client.send(RawClient.command(1, length: UInt32(first.count)))
        client.send(first)
        #expect(try client.reply().error == 0)
        let bytes = pattern(movesPages ? 1 << 20 : 2 << 20, 1)
        client.send(RawClient.command(1, cookie: 4, offset: 0, length: UInt32(bytes.count)))
        let quarter = bytes.count / 4
        for part in 0..<4 {
            client.send(Array(bytes[(part * quarter)..<((part + 1) * quarter)]))
            disk.moveExport()
        }
        #expect(try client.reply() == (0, 4))
        disk.moveExport()
        client.send(RawClient.command(0, cookie: 5, offset: 0, length: UInt32(bytes.count)))
        #expect(try client.reply() == (0, 5))
        #expect(client.receive(bytes.count) == bytes)
        #expect(disk.clientCount == 1)
    }

    @Test("a removed export says so to what still comes, and closes")
    func removal() throws {
        let options: [(String, OptionValue)] = [("on-remove", .text("drain"))]
        let disk = try ServedDisk(options)
        let client = try RawClient(disk.socketPath)
        try client.enter()
        disk.pause()
        client.send(RawClient.command(0, cookie: 7, length: 512))
        let other = try RawClient(disk.socketPath)
        #expect(other.receive(18).count == 18)
        try disk.removeExport(options)
        #expect(try client.reply() == (108, 7))
        #expect(client.isAtEnd)
        #expect(other.isAtEnd)
        #expect(throws: RawClient.Refusal.self) { try RawClient(disk.socketPath) }
        #expect(access(disk.socketPath, F_OK) != 0)
    }

    @Test("an export with clients is not removed unless it is said how")
    func removalRefused() throws {
        let disk = try ServedDisk()
        let client = try RawClient(disk.socketPath)
        try client.enter()
        #expect(throws: GraphError.self) { try disk.removeExport() }
        client.send(RawClient.command(3, cookie: 1))
        #expect(try client.reply() == (0, 1))
    }
}
