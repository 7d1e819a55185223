import BlockGraph
import Testing

@Suite("Clients of one export on several threads")
struct SpreadCases {
    private static let disk = "n nbd\nt throttle file=n\n"

    private static func graph(_ threads: String) -> String {
        quick(disk + "e export of=t =rw" + (threads.isEmpty ? "" : " iothread=\(threads)"))
    }

    /// Requests that each thread of `e` has answered.
    private static func answered(_ workshop: Workshop) async -> [String: UInt64] {
        let threads = await workshop.snapshot.exports["e"]?.tally.threads ?? []
        return Dictionary(uniqueKeysWithValues: threads.map { ($0.name, $0.totals.completed) })
    }

    @Test("S37: clients are shared among an export's threads, and follow when these change")
    func spreads() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(Self.graph("io0"))
            let clients = try (0..<8).map { _ in try workshop.client("e") }
            var count: UInt64 = 0
            for threads in ["[io0,io1]", "io1", "[default,io0]", "[io1,default,io0]", "", "[io1]"] {
                try await workshop.start(Self.graph(threads))
                let names = threads.isEmpty ? ["default"] : Self.names(threads)
                #expect(await workshop.snapshot.exports["e"]?.threads == names)
                for node in ["n", "t"] {
                    #expect(await workshop.snapshot.nodes[node]?.threads == names)
                }
                let before = await Self.answered(workshop)
                for client in clients {
                    #expect(client.read()?.errorNumber == 0)
                    #expect(client.write(0, [1, 2, 3, 4])?.errorNumber == 0)
                    count += 2
                }
                let after = await Self.answered(workshop)
                for name in names {
                    let share = after[name, default: 0] - before[name, default: 0]
                    // Eight clients of two requests, shared as evenly as can be.
                    let even = 16 / UInt64(names.count)
                    #expect(share + 2 > even && share < even + 2 + 2, "\(threads): \(after)")
                }
                #expect(await workshop.snapshot.exports["e"]?.tally.totals.completed == count)
            }
            #expect(await workshop.clientCount(of: "e") == 8)
        }
    }

    private static func names(_ list: String) -> [String] {
        list.filter { $0 != "[" && $0 != "]" }.split(separator: ",").map(String.init).sorted()
    }

    @Test("new clients go to the thread that has the fewest")
    func fewest() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(Self.graph("[io0,io1]"))
            let clients = try (0..<6).map { _ in try workshop.client("e") }
            for client in clients { #expect(client.read()?.errorNumber == 0) }
            #expect(await Self.answered(workshop) == ["io0": 3, "io1": 3])
            // Those of one thread leave; who comes then takes their places.
            for index in [0, 2, 4] { clients[index].leave() }
            try await eventually { await workshop.clientCount(of: "e") == 3 }
            let others = try (0..<3).map { _ in try workshop.client("e") }
            for client in others + [clients[1], clients[3], clients[5]] {
                #expect(client.read()?.errorNumber == 0)
            }
            #expect(await Self.answered(workshop) == ["io0": 6, "io1": 6])
        }
    }

    @Test("a drain that one of the threads does not finish is undone on all of them")
    func undone() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(Self.graph("[io0,io1]"))
            let clients = try (0..<4).map { _ in try workshop.client("e") }
            for client in clients { #expect(client.read()?.errorNumber == 0) }
            let before = await workshop.still()
            workshop.standIns.holdOnce("n")
            clients[1].sendRead()
            try await eventually { workshop.standIns.log.contains("hold n") }
            for threads in ["io0", "io1", "[default,io1]", ""] {
                let outcome = await workshop.apply(Self.graph(threads), timeoutMilliseconds: 1)
                #expect(outcome.code == "E0801", "\(threads): \(outcome)")
                #expect(await workshop.still() == before)
                for index in [0, 2, 3] { #expect(clients[index].read()?.errorNumber == 0) }
            }
            await workshop.standIns.letGo()
            #expect(clients[1].answer(payload: 512)?.errorNumber == 0)
            #expect(await workshop.apply(Self.graph("io1")).isApplied)
            for client in clients { #expect(client.read()?.errorNumber == 0) }
        }
    }

    @Test("what waits while the threads change is counted once, on whichever it is answered")
    func held() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(Self.graph("io0"))
            let clients = try (0..<6).map { _ in try workshop.client("e") }
            for client in clients { #expect(client.read()?.errorNumber == 0) }
            // The test waits while it is called.
            nonisolated(unsafe) let sending = clients
            let outcome = await workshop.apply(
                Self.graph("[default,io0,io1]"),
                beforeCommit: { () async throws(GraphError) in
                    for client in sending { client.sendRead() }
                    await workshop.settled()
                }
            )
            let receipt = try #require(outcome.receipt?.exports.first)
            for client in clients { #expect(client.answer(payload: 512)?.errorNumber == 0) }
            #expect(receipt.held == 6)
            #expect(receipt.failed == 0 && receipt.pauseNanoseconds > 0)
            #expect(receipt.longestHeldNanoseconds > 0)
            #expect(await workshop.snapshot.exports["e"]?.tally.totals.completed == 12)
        }
    }

    @Test("a qcow2 that is written lives on one thread, and one that is read on several")
    func formats() async throws {
        try await Workshop.run(standsIn: []) { workshop in
            workshop.directory.file("f.raw", sizeBytes: 0)
            let image = "f file\nq qcow2 file=f create={\"size\":1MiB}\n"
            try await workshop.start(quick(image + "e export of=q =rw iothread=io0"))
            let client = try workshop.client("e")
            #expect(client.write(0, [7, 7, 7, 7])?.errorNumber == 0)
            let before = await workshop.still()
            let refused = await workshop.apply(
                quick(image + "e export of=q =rw iothread=[io0,io1]")
            )
            #expect(refused.code == "E0501")
            let reason = refused.reason ?? ""
            for word in ["node q (qcow2)", "io0, io1", "read-only: true"] {
                #expect(reason.contains(word), "\(reason)")
            }
            #expect(await workshop.still() == before)
            #expect(client.read(0, 4)?.bytes == [7, 7, 7, 7])
            client.leave()
            try await eventually { await workshop.clientCount(of: "e") == 0 }
            try await workshop.start(
                quick(
                    "f file read-only=true\nq qcow2 file=f read-only=true\n"
                        + "e export of=q iothread=[io0,io1]"
                )
            )
            let answered = await Self.answered(workshop)
            let readers = try (0..<2).map { _ in try workshop.client("e") }
            for reader in readers { #expect(reader.read(0, 4)?.bytes == [7, 7, 7, 7]) }
            #expect(await Self.answered(workshop) == answered.mapValues { $0 + 1 })
        }
    }
}
