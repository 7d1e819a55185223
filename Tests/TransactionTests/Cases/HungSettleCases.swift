import BlockGraph
import Testing

/// Nodes that have to write or read between the drain and the commit, over a disk that hangs.
@Suite("Cases: a node that cannot settle")
struct HungSettleCases {
    private static let live =
        "f file\nq qcow2 file=f create={\"size\":1MiB}\no null-co\ne export of=q =rw\nx export of=o"
    private static let pattern = [UInt8](repeating: 7, count: 4096)

    /// A disk whose tables only memory knows, and a client of it.
    private func begin(_ workshop: Workshop) async throws -> DiskClient {
        workshop.directory.file("f.raw", sizeBytes: 0)
        try await workshop.start(quick(Self.live))
        let client = try workshop.client("e")
        #expect(client.write(0, Self.pattern)?.errorNumber == 0)
        return client
    }

    /// The graph with an overlay on the disk.
    private func overlay(_ workshop: Workshop) -> String {
        workshop.directory.file("g.raw", sizeBytes: 0)
        return Self.live.replacing("of=q", with: "of=t")
            + "\ng file\nt qcow2 file=g backing=q create={\"size\":1MiB}"
    }

    private func check(_ workshop: Workshop, _ client: DiskClient, _ wished: String) async throws {
        #expect(client.read(0, 4096)?.bytes == Self.pattern)
        #expect(client.write(64 << 10, Self.pattern)?.errorNumber == 0)
        try await workshop.start(quick(wished))
        #expect(client.read(64 << 10, 4096)?.bytes == Self.pattern)
        try await workshop.start(quick(Self.live))
        #expect(client.write(128 << 10, Self.pattern)?.errorNumber == 0)
        // Opened anew it is whole.
        _ = await workshop.apply("")
        try await workshop.start(quick(Self.live))
        let again = try workshop.client("e")
        for offset in [0, 64, 128] as [UInt64] {
            #expect(again.read(offset << 10, 4096)?.bytes == Self.pattern, "\(offset)")
        }
    }

    @Test("D15: what a format has in memory cannot be written: the plan gives up and is undone")
    func settling() async throws {
        try await Workshop.run(standsIn: []) { workshop in
            let client = try await begin(workshop)
            let other = try workshop.client("x")
            let wished = overlay(workshop)
            let before = await workshop.still()
            // Nothing is in flight: the drain ends at once, and then the node writes.
            let standIns = workshop.standIns
            workshop.faults.at("settle q") { standIns.hold("f") }
            async let outcome = workshop.apply(quick(wished), timeoutMilliseconds: 2000)
            try await eventually { workshop.standIns.log.contains("hold f") }
            client.sendRead(0, 4096)
            for _ in 0..<20 { #expect(other.read()?.errorNumber == 0) }
            #expect(try workshop.client("x").read()?.errorNumber == 0)
            let refused = await outcome
            #expect(refused.code == "E0801", "\(refused)")
            #expect(refused.reason?.contains("node/q") == true, "\(refused)")
            let masks = await workshop.masks
            #expect(masks["node/q file f"] != nil)
            #expect(await workshop.still().prefix { $0 != "\n" } == before.prefix { $0 != "\n" })
            // A second plan gives up as well, and waits for nothing of the first one.
            let again = await workshop.apply(quick(wished), timeoutMilliseconds: 50)
            #expect(again.code == "E0801", "\(again)")
            #expect(!client.hasAnswer)
            await workshop.standIns.letGo()
            #expect(client.answer(payload: 4096)?.bytes == Self.pattern)
            try await check(workshop, client, wished)
        }
    }

    @Test("D15: what comes cannot be read when exports wait: the plan gives up and is undone")
    func beginning() async throws {
        try await Workshop.run(standsIn: []) { workshop in
            let client = try await begin(workshop)
            let wished = overlay(workshop)
            let masks = await workshop.masks
            let standIns = workshop.standIns
            workshop.faults.at("begin t") { standIns.hold("g") }
            let refused = await workshop.apply(quick(wished), timeoutMilliseconds: 2000)
            #expect(refused.code == "E0801", "\(refused)")
            #expect(standIns.log.contains("hold g"))
            #expect(await workshop.masks == masks)
            #expect(client.read(0, 4096)?.bytes == Self.pattern)
            // What was given up is answered when nobody knows of it any more.
            await standIns.letGo()
            try await check(workshop, client, Self.live)
        }
    }

    @Test("D15: with nobody at the disk and a request given up, the end of everything comes")
    func ending() async throws {
        try await Workshop.run(standsIn: []) { workshop in
            _ = try await begin(workshop)
            let (wished, standIns) = (overlay(workshop), workshop.standIns)
            workshop.faults.at("settle q") { standIns.hold("f") }
            let refused = await workshop.apply(quick(wished), timeoutMilliseconds: 50)
            #expect(refused.code == "E0801", "\(refused)")
        }
    }

    @Test("D15: plans that hang one after the other leave behind so much and no more")
    func manyTimes() async throws {
        try await Workshop.run(standsIn: []) { workshop in
            let client = try await begin(workshop)
            let wished = overlay(workshop)
            let standIns = workshop.standIns
            var outcome: Outcome
            var count = 0
            repeat {
                workshop.faults.at("begin t") { standIns.hold("g") }
                outcome = await workshop.apply(quick(wished), timeoutMilliseconds: 100)
                standIns.hold()
                count += 1
            } while outcome.code == "E0801" && count < 100
            #expect(outcome.code == "E0501" && count > 8, "\(count): \(outcome)")
            #expect(outcome.reason?.contains("8 earlier plans") == true, "\(outcome)")
            #expect(client.read(0, 4096)?.bytes == Self.pattern)
            // What needs no such thread goes on being possible.
            try await workshop.start(quick(Self.live.replacing("of=o", with: "of=o =rw")))
            await standIns.letGo()
            try await check(workshop, client, Self.live)
        }
    }

    @Test("D15: where nobody goes on a node has more time to settle than a drain")
    func leaving() async throws {
        try await Workshop.run(standsIn: []) { workshop in
            let client = try await begin(workshop)
            client.leave()
            try await eventually { await workshop.clientCount(of: "e") == 0 }
            let standIns = workshop.standIns
            workshop.faults.at("settle q") { standIns.hold("f") }
            async let outcome = workshop.apply("", timeoutMilliseconds: 1)
            try await eventually { standIns.log.contains("hold f") }
            await standIns.letGo()
            #expect(await outcome.isApplied)
            try await workshop.start(quick(Self.live))
            #expect(try workshop.client("e").read(0, 4096)?.bytes == Self.pattern)
        }
    }
}
