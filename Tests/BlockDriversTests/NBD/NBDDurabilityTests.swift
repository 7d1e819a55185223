import BlockDrivers
import BlockGraph
import Glibc
import GraphModel
import RingLoop
import Testing

/// What becomes of unflushed writes when an overlay is put on a remote disk, whose clients flush
/// the overlay from then on.
@Suite("Durability below an overlay, over NBD")
struct NBDDurabilityTests {
    /// A server that says how its flushes end and counts them.
    private final class Flushes: Sendable {
        private let numbers = Locked<[UInt32]>([])
        let error: UInt32

        init(error: UInt32 = 0) { self.error = error }

        var count: Int { numbers.withLock { $0.count } }

        func server(severalConnections: Bool = true) throws -> ScriptedServer {
            try ScriptedServer { [self] _ in
                var script = ServerScript()
                if !severalConnections { script.flags &= ~256 }
                script.reply = { [self] command, honest in
                    guard command.type == 3 else { return honest }
                    numbers.withLock { $0.append(error) }
                    return Wire.simple(command.cookie, error: error)
                }
                return script
            }
        }
    }

    /// Takes the writers away, as a transaction does that puts an overlay on.
    private func takeWriters(_ stack: NodeStack) throws {
        let entry = stack.entries[0]
        let change = try entry.node.prepare(
            DriverOpening(
                node: entry.description,
                children: [:],
                masks: NodeStack.reader,
                baseDirectory: "/"
            )
        )
        do {
            try stack.settle()
            change.commit()
        } catch {
            change.abort()
            throw error
        }
    }

    @Test("what was written is flushed before its writers go", arguments: [true, false])
    func flushed(severalConnections: Bool) async throws {
        let flushes = Flushes()
        let server = try flushes.server(severalConnections: severalConnections)
        let stack = try NodeStack([server.node()])
        try await DriverBench.run(stack) { bench in
            #expect(await bench.ask(.write, 0, bytes: [1, 2, 3, 4]).errorNumber == 0)
            #expect(flushes.count == 0)
            try takeWriters(stack)
            #expect(flushes.count > 0)
            let before = flushes.count
            try takeWriters(stack)
            #expect(flushes.count == before, "nobody could write since")
        }
        #expect(server.connectionCount == 1)
    }

    @Test("every loop's writes are flushed, on the connection that they went over")
    func everyLoop() async throws {
        let flushes = Flushes()
        let server = try flushes.server()
        let stack = try NodeStack([server.node()])
        try await DriverBench.run(stack) { first in
            try await DriverBench.run(stack, closesStack: false) { second in
                for bench in [first, second] {
                    #expect(await bench.ask(.write, 0, bytes: [1, 2]).errorNumber == 0)
                }
                try takeWriters(stack)
                #expect(flushes.count >= 2)
            }
        }
    }

    @Test("what was only read is not flushed")
    func unwritten() async throws {
        let flushes = Flushes()
        let server = try flushes.server()
        let stack = try NodeStack([server.node()])
        try await DriverBench.run(stack) { bench in
            #expect(await bench.ask(.read, 0, 512).errorNumber == 0)
            try takeWriters(stack)
        }
        #expect(flushes.count == 0)
    }

    @Test("a change whose flush fails is refused, and writers stay")
    func refused() async throws {
        let flushes = Flushes(error: 5)
        let server = try flushes.server()
        let stack = try NodeStack([server.node()])
        try await DriverBench.run(stack) { bench in
            #expect(await bench.ask(.write, 0, bytes: [1, 2, 3, 4]).errorNumber == 0)
            var reason = ""
            do { try takeWriters(stack) } catch let error as GraphError { reason = error.reason }
            #expect(reason.contains("cannot be made durable: "), "\(reason)")
            #expect(await bench.ask(.write, 0, bytes: [5]).errorNumber == 0)
            #expect(await bench.parkedCount == 0)
        }
    }
}
