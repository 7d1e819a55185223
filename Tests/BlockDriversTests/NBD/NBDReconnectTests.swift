import BlockDrivers
import BlockGraph
import Glibc
import GraphModel
import Testing

@Suite("An NBD server that goes and comes back", .timeLimit(.minutes(5)))
struct NBDReconnectTests {
    private static let second: Int64 = 1_000_000_000
    private static let hour = 3600 * second

    private func delay(_ nanoseconds: Int64) -> [(String, OptionValue)] {
        [("reconnect-delay", .integer(nanoseconds))]
    }

    /// Waits until the server has no client, so that the next request meets the loss.
    private func stop(_ server: ScriptedServer) async {
        server.stop()
        while server.clientCount > 0 { await Task.yield() }
    }

    @Test("with a delay requests are held, and each is done once when the server is back")
    func held() async throws {
        let server = try ScriptedServer()
        let node = server.node(delay(Self.hour))
        try await DriverBench.run(try NodeStack([node])) { bench in
            #expect(await bench.ask(.write, 0, bytes: [1, 2, 3, 4]).errorNumber == 0)
            await stop(server)
            let errors = await withTaskGroup(of: Int32.self) { group in
                for index in 1...40 {
                    let bytes = [UInt8](repeating: UInt8(index), count: 512)
                    group.addTask {
                        await bench.ask(.write, UInt64(index) * 512, bytes: bytes).errorNumber
                    }
                }
                group.addTask {
                    while await bench.parkedCount < 40 { await Task.yield() }
                    server.start()
                    return 0
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(errors) == [0])
            #expect(server.writes.sorted() == (0...40).map { $0 * 512 })
            #expect(
                await bench.ask(.read, 20 * 512, 512).bytes == [UInt8](repeating: 20, count: 512)
            )
        }
    }

    @Test("without a delay requests fail at once, and work again when the server is back")
    func unheld() async throws {
        let server = try ScriptedServer()
        let stack = try NodeStack([server.node()])
        try await DriverBench.run(stack) { bench in
            #expect(await bench.ask(.read, 0, 512).errorNumber == 0)
            #expect(stack.entries[0].node.finding == nil)
            await stop(server)
            #expect(await bench.ask(.read, 0, 512).errorNumber == EIO)
            let again = await bench.ask(.flush)
            #expect(again.errorNumber == EIO)
            let words = try #require(stack.entries[0].node.finding)
            #expect(words.contains(server.place) && words.contains("requests fail until"))
            server.start()
            while await bench.ask(.read, 0, 512).errorNumber != 0 { await Task.yield() }
            #expect(stack.entries[0].node.finding == nil)
        }
    }

    @Test("after the delay requests fail while the server is away, and work again later")
    func overdue() async throws {
        let server = try ScriptedServer()
        let node = server.node(delay(Self.second / 5))
        try await DriverBench.run(try NodeStack([node])) { bench in
            #expect(await bench.ask(.read, 0, 512).errorNumber == 0)
            await stop(server)
            let held = await bench.ask(.read, 0, 512)
            #expect(held.waited && held.errorNumber == EIO)
            server.start()
            while await bench.ask(.read, 0, 512).errorNumber != 0 { await Task.yield() }
        }
    }

    @Test("a connection that died unused is made again without an error, whatever the delay")
    func stale() async throws {
        let server = try ScriptedServer()
        try await DriverBench.run(try NodeStack([server.node()])) { bench in
            for round in 1...20 {
                #expect(await bench.ask(.write, 512, bytes: [UInt8(round)]).errorNumber == 0)
                server.hangUp()
                while server.clientCount > 0 { await Task.yield() }
            }
            #expect(await bench.ask(.read, 512, 1).bytes == [20])
        }
        #expect(server.writes.count == 20)
    }

    @Test("a shorter delay lets go what is held")
    func shortened() async throws {
        let server = try ScriptedServer()
        let stack = try NodeStack([server.node(delay(Self.hour))])
        try await DriverBench.run(stack) { bench in
            #expect(await bench.ask(.read, 0, 512).errorNumber == 0)
            await stop(server)
            async let held = bench.ask(.read, 0, 512)
            while await bench.parkedCount == 0 { await Task.yield() }
            try await bench.change(to: server.node(delay(0)), masks: NodeStack.writer)
            #expect(await held.errorNumber == EIO)
        }
    }

    @Test("a drain waits for what is held")
    func draining() async throws {
        let server = try ScriptedServer()
        let stack = try NodeStack([server.node(delay(Self.hour))])
        try await DriverBench.run(stack) { bench in
            #expect(await bench.ask(.read, 0, 512).errorNumber == 0)
            await stop(server)
            async let held = bench.ask(.read, 0, 512)
            while await bench.parkedCount == 0 { await Task.yield() }
            await bench.drain(true)
            #expect(await bench.parkedCount == 1)
            server.start()
            #expect(await held.errorNumber == 0)
            await bench.drain(false)
        }
    }

    @Test("a view that ends while its server is looked for leaves nothing behind")
    func abandoned() async throws {
        let server = try ScriptedServer()
        for isBlackHole in [false, true] {
            let node = server.node(delay(Self.second / 10))
            try await DriverBench.run(try NodeStack([node])) { bench in
                #expect(await bench.ask(.read, 0, 512).errorNumber == 0)
                await stop(server)
                #expect(await bench.ask(.read, 0, 512).errorNumber == EIO)
                // Comes back, but says nothing: the view ends in the middle of a handshake.
                server.change { _ in
                    var script = ServerScript()
                    if isBlackHole { script.greeting = [] }
                    return script
                }
                if isBlackHole {
                    server.start()
                    while server.clientCount == 0 { await Task.yield() }
                }
            }
            await stop(server)
            server.change { _ in ServerScript() }
            server.start()
        }
    }

    @Test("a host that swallows everything holds nobody longer than the delay")
    func blackHole() async throws {
        let server = try ScriptedServer(isTCP: true)
        let node = server.node(delay(Self.second / 5))
        try await DriverBench.run(try NodeStack([node])) { bench in
            #expect(await bench.ask(.read, 0, 512).errorNumber == 0)
            await stop(server)
            let sockets = server.becomeBlackHole()
            defer { for socket in sockets { close(socket) } }
            // It is the hour of the attempt that is not over, not that of the delay.
            #expect(await bench.ask(.read, 0, 512).errorNumber == EIO)
            #expect(await bench.ask(.read, 0, 512).errorNumber == EIO)
        }
    }

    @Test("a server that says it is going is left, and asked again when it is back")
    func shuttingDown() async throws {
        let server = try ScriptedServer { number in
            var script = ServerScript()
            if number == 1 {
                script.reply = { command, honest in
                    command.offset == 0 ? honest : Wire.errorChunk(command.cookie, 108)
                }
            }
            return script
        }
        let node = server.node(delay(Self.hour))
        try await DriverBench.run(try NodeStack([node])) { bench in
            #expect(await bench.ask(.read, 0, 512).errorNumber == 0)
            #expect(await bench.ask(.read, 4096, 512).errorNumber == 0)
        }
        #expect(server.connectionCount == 2)
    }

    @Test("a request that no connection survives is not held for ever")
    func poison() async throws {
        let server = try ScriptedServer { _ in
            var script = ServerScript()
            script.reply = { command, honest in command.offset == 4096 ? nil : honest }
            return script
        }
        let node = server.node(delay(Self.hour))
        try await DriverBench.run(try NodeStack([node])) { bench in
            #expect(await bench.ask(.read, 0, 512).errorNumber == 0)
            #expect(await bench.ask(.read, 4096, 512).errorNumber == EIO)
            #expect(await bench.ask(.read, 0, 512).errorNumber == 0)
        }
        #expect(server.connectionCount < 12)
    }

    @Test("opening keeps trying as long as it may, and says who does not answer")
    func opening() async throws {
        let server = try ScriptedServer()
        await stop(server)
        func open() throws(GraphError) {
            _ = try NodeStack([server.node([("open-timeout", .integer(Self.second / 5))])])
        }
        var reason: String?
        do throws(GraphError) { try open() } catch { reason = error.reason }
        #expect(reason?.contains(server.place) == true)
        #expect(reason?.contains("cannot be reached") == true)
    }

    @Test("opening ends when nobody waits for it any more")
    func cancelled() async throws {
        for isSilent in [false, true] {
            let server = try ScriptedServer { _ in
                var script = ServerScript()
                script.greeting = []
                return script
            }
            if !isSilent { await stop(server) }
            let opening = Task {
                try NodeStack([server.node([("open-timeout", .integer(Self.hour))])])
            }
            opening.cancel()
            await #expect(throws: GraphError.self) { _ = try await opening.value }
        }
    }

    @Test("views on two loops have connections of their own, where the server allows it")
    func severalLoops() async throws {
        let server = try ScriptedServer()
        let stack = try NodeStack([server.node()])
        #expect(stack.entries[0].node.livesOnOneLoop == false)
        try await DriverBench.run(stack, closesStack: false) { first in
            #expect(await first.ask(.write, 0, bytes: [9]).errorNumber == 0)
            try await DriverBench.run(stack) { second in
                #expect(await second.ask(.read, 0, 1).bytes == [9])
                #expect(await first.ask(.read, 0, 1).bytes == [9])
                #expect(server.clientCount == 2)
            }
        }
        let single = try ScriptedServer { _ in
            var script = ServerScript()
            script.flags &= ~256
            return script
        }
        let alone = try NodeStack([single.node()])
        #expect(alone.entries[0].node.livesOnOneLoop)
        alone.close()
    }
}
