import BlockDrivers
import BlockGraph
import Glibc
import GraphModel
import Testing

@Suite("Hostile NBD servers (suite I)", .timeLimit(.minutes(5)))
struct HostileServerTests {
    @Test("a lie is refused by name, answered EIO or harmless", arguments: HostileServer.all)
    func lie(_ hostile: HostileServer) async throws {
        let server = try ScriptedServer { _ in hostile.script }
        let options = [("open-timeout", OptionValue.integer(hostile.patience * 1_000_000))]
        let stack: NodeStack
        do throws(GraphError) {
            stack = try NodeStack([server.node(options)])
        } catch {
            guard case .refusal(let words) = hostile.outcome else {
                return #expect(Bool(false), "refused: \(error.reason)")
            }
            #expect(error.reason.contains(server.place))
            #expect(error.reason.contains(words), "\(error.reason)")
            return
        }
        let error = try await DriverBench.run(stack) { bench in
            let bytes = [UInt8](repeating: 0x77, count: 4096)
            let length: UInt64 = hostile.operation == .flush ? 0 : 4096
            let answer = await bench.ask(hostile.operation, 0, length, bytes: bytes)
            #expect(await bench.parkedCount == 0)
            return answer.errorNumber
        }
        switch hostile.outcome {
        case .refusal: #expect(Bool(false), "it was opened")
        case .failure: #expect(error == EIO)
        case .service: #expect(error == 0)
        }
    }

    @Test("the table has the hundred lies that were asked for, each with a name of its own")
    func count() {
        let titles = HostileServer.all.map(\.testDescription)
        #expect(titles.count >= 200)
        #expect(Set(titles).count == titles.count)
    }

    @Test("a server that hangs up after any byte ends in a refusal or in EIO")
    func truncation() async throws {
        let session =
            18
            + [8, 10, 7].map { ServerScript().honest($0, skipsZeroes: true).count }
            .reduce(0, +)
        for count in 0..<(session + 60) {
            let server = try ScriptedServer { _ in
                var script = ServerScript()
                script.bytesMax = count
                return script
            }
            do throws(GraphError) {
                let stack = try NodeStack([server.node()])
                let error = try? await DriverBench.run(stack) { bench in
                    await bench.ask(.read, 0, 512).errorNumber
                }
                #expect(count >= session && error == EIO, "\(count) bytes: \(error ?? -1)")
            } catch {
                #expect(count <= session, "\(count) bytes: \(error.reason)")
                #expect(error.reason.contains(server.place))
            }
        }
    }

    @Test("memory that a client must not see stays hidden where chunks leave gaps")
    func gaps() async throws {
        let server = try ScriptedServer { _ in
            var script = ServerScript()
            script.reply = { command, _ in
                let half = Wire.big(command.offset + 2048) + [UInt8](repeating: 0x5a, count: 2048)
                return Wire.chunk(1, command.cookie, half, isLast: false)
                    + Wire.chunk(1, command.cookie, half)
            }
            return script
        }
        try await DriverBench.run(try NodeStack([server.node()])) { bench in
            let answer = await bench.ask(.read, 0, 4096)
            #expect(answer.bytes.prefix(2048).allSatisfy { $0 == 0 })
        }
    }

    @Test("a server that is another one when it comes back is not taken", arguments: Other.all)
    fileprivate func changed(_ other: Other) async throws {
        let server = try ScriptedServer { number in
            var script = ServerScript()
            if number == 1 { script.reply = { _, _ in nil } } else { other.change(&script) }
            return script
        }
        try await DriverBench.run(try NodeStack([server.node()])) { bench in
            #expect(await bench.ask(.read, 0, 512).errorNumber == (other.isTaken ? 0 : EIO))
        }
        #expect(server.connectionCount >= 2)
    }
}

/// What is different about a server that came back.
private struct Other: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var isTaken = false
    let change: @Sendable (inout ServerScript) -> Void

    static let all: [Other] = [
        Other(testDescription: "shorter") { $0.sizeBytes -= 512 },
        Other(testDescription: "longer") { $0.sizeBytes += 512 },
        Other(testDescription: "empty") { $0.sizeBytes = 0 },
        Other(testDescription: "read-only") { $0.flags |= ServerScript.readOnlyFlag },
        Other(testDescription: "without flush") { $0.flags &= ~4 },
        Other(testDescription: "without FUA") { $0.flags &= ~8 },
        Other(testDescription: "without zeroes") { $0.flags &= ~64 },
        Other(testDescription: "larger blocks") { $0.blocks = [4096, 4096, 1 << 20] },
        Other(testDescription: "shorter transfers") { $0.blocks = [1, 4096, 4096] },
        Other(testDescription: "without extents") { $0.tellsExtents = false },
        Other(testDescription: "without structured replies") { $0.isStructured = false },
        Other(testDescription: "no NBD") { $0.greeting = [UInt8](repeating: 0x20, count: 18) },
        Other(testDescription: "more flags", isTaken: true) { $0.flags |= 2048 | 1024 },
        Other(testDescription: "the same", isTaken: true) { _ in },
    ]
}
