import BlockGraph
import GraphModel
import Reconciliation
import Testing

@Suite("Cases: drain and liveness")
struct DrainCases {
    @Test("D2: exports that share a node drain it once, and it holds nothing back once")
    func nested() async throws {
        try await Workshop.run { workshop in
            let graph = "n nbd\nc compress file=n\nd compress file=n\ne export of=c\nf export of=d"
            try await workshop.start(quick(graph))
            workshop.standIns.forgetLog()
            try await workshop.start(
                quick(
                    graph.replacing(
                        "n nbd",
                        with: "n nbd server={\"type\":\"unix\",\"path\":\"t\"}"
                    )
                )
            )
            let log = workshop.standIns.log
            #expect(log.filter { $0 == "drain c" }.count == 1)
            #expect(log.filter { $0 == "drained c" }.count == 1)
            #expect(log.filter { $0 == "drained d" }.count == 1)
        }
    }

    @Test("D3: a change of an overlay does not hold up readers of its backing")
    func backingGoesOn() async throws {
        try await Workshop.run { workshop in
            let graph =
                "b nbd read-only=true\nf nbd\nq qcow2 file=f backing=b\ne export of=q =rw\nr export of=b"
            try await workshop.start(quick(graph))
            let receipt = await workshop.apply(
                quick(graph.replacing("q qcow2", with: "q qcow2 lazy-refcounts=true"))
            ).receipt
            #expect(receipt?.exports.first { $0.name == "r" }?.pauseNanoseconds == 0)
            #expect((receipt?.exports.first { $0.name == "e" }?.pauseNanoseconds ?? 0) > 0)
        }
    }

    @Test("D4: a node that comes and one that goes while all is drained leave no imbalance")
    func comesAndGoes() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("a nbd\nc compress file=a\ne export of=c"))
            try await workshop.start(quick("b nbd\nc compress file=b\ne export of=c"))
            workshop.standIns.hold("c")
            let client = try workshop.client("e")
            client.sendRead()
            try await eventually { workshop.standIns.log.contains("hold c") }
            await workshop.standIns.letGo()
            #expect(client.answer(payload: 512)?.errorNumber == 0)
            #expect(
                workshop.standIns.log.filter { $0 == "drain c" }.count
                    == workshop.standIns.log.filter { $0 == "drained c" }.count
            )
        }
    }

    @Test("D5, D6: the last answer lets go of the whole tree above it, in one step with its drain")
    func treeGoes() async throws {
        try await Workshop.run { workshop in
            let tree = "a nbd\nb nbd\np quorum vote-threshold=1 children=[a,b]\ne export of=p"
            try await workshop.start(quick(tree))
            workshop.standIns.hold("a")
            let client = try workshop.client("e")
            client.sendRead()
            try await eventually { workshop.standIns.log.contains("hold a") }
            async let outcome = workshop.apply(
                quick("a nbd\nc nbd\np quorum vote-threshold=1 children=[c,a]\ne export of=p")
            )
            try await eventually { workshop.standIns.log.contains("drain p") }
            await workshop.standIns.letGo()
            #expect(await outcome.isApplied)
            #expect(client.answer(payload: 512)?.errorNumber == 0)
            #expect(client.read()?.errorNumber == 0)
            #expect(workshop.standIns.log.filter { $0 == "close b" }.count == 1)
        }
    }

    @Test(
        "D8: a child is replaced with old and new one drained or not; no request meets a drained one",
        arguments: [(false, false), (false, true), (true, false), (true, true)]
    )
    func replaceMidDrain(isOldBusy: Bool, isNewShared: Bool) async throws {
        try await Workshop.run { workshop in
            let other = isNewShared ? "o export of=b\n" : ""
            try await workshop.start(
                quick("a nbd\nb nbd\nc compress file=a\ne export of=c\n" + other)
            )
            let client = try workshop.client("e")
            if isOldBusy {
                workshop.standIns.hold("a")
                client.sendRead()
                try await eventually { workshop.standIns.log.contains("hold a") }
            }
            async let outcome = workshop.apply(
                quick("b nbd\nc compress file=b\ne export of=c\n" + other)
            )
            if isOldBusy {
                try await eventually { workshop.standIns.log.contains("drain a") }
                await workshop.standIns.letGo()
            }
            #expect(await outcome.isApplied)
            if isOldBusy { #expect(client.answer(payload: 512)?.errorNumber == 0) }
            #expect(client.read()?.errorNumber == 0)
        }
    }

    @Test(
        "D10: an export that moves to another thread in the same plan is drained once and goes on there"
    )
    func moveInDrain() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("a nbd\nc compress file=a\ne export of=c"))
            let client = try workshop.client("e")
            for thread in ["io0", "io1", "io0"] {
                try await workshop.start(
                    quick("b nbd\nc compress file=b\ne export of=c iothread=\(thread)")
                )
                #expect(client.read()?.errorNumber == 0)
                #expect(await workshop.snapshot.nodes["c"]?.threads == [thread])
            }
        }
    }

    // There are no jobs; work of a filter is what goes on while nobody asks.
    @Test("D9, D11: what a node does on its own ends before the switch, and a failure is told")
    func ownWork() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(
                quick("a nbd\nt nbd\nc copy-before-write file=a target=t\ne export of=c =rw")
            )
            workshop.standIns.hold("a")
            let client = try workshop.client("e")
            client.command(3, 0, 0)
            try await eventually { workshop.standIns.log.contains("hold a") }
            async let outcome = workshop.apply(quick("a nbd\ne export of=a =rw"))
            try await eventually { workshop.standIns.log.contains("drain c") }
            #expect(!workshop.standIns.log.contains("close c"))
            workshop.standIns.fail("close c")
            await workshop.standIns.letGo()
            #expect(await outcome.receipt?.warnings == ["c could not be flushed"])
            #expect(client.answer(payload: 0)?.errorNumber == 0)
        }
    }

    @Test("D14: a queue that limits would hold for seconds is let go by a drain, with success")
    func throttledQueue() async throws {
        try await Workshop.run { workshop in
            let prelude = Workshop.prelude.replacing(
                "g: {iops-total: 1000000}",
                with: "g: {iops-total: 1}"
            )
            let graph = "n null-co\nt throttle file=n\ne export of=t"
            #expect(await workshop.apply(quick(graph), prelude: prelude).isApplied)
            let client = try workshop.client("e")
            for _ in 0..<64 { client.sendRead() }
            #expect(client.answer(payload: 512)?.errorNumber == 0)
            let outcome = await workshop.apply(
                quick("n null-co size=2GiB\nt throttle file=n\ne export of=t"),
                prelude: prelude
            )
            #expect(outcome.isApplied, "\(outcome)")
            // 63 requests at one in a second would take longer than the client waits.
            let wide = await workshop.apply(
                quick("n null-co size=2GiB\nt throttle file=n\ne export of=t")
            )
            #expect(wide.isApplied)
            for _ in 1..<64 { #expect(client.answer(payload: 512)?.errorNumber == 0) }
        }
    }

    @Test(
        "D15: over a backend that hangs the plan gives up and is undone; others answer all the while"
    )
    func hungBackend() async throws {
        try await Workshop.run { workshop in
            let graph = "h nbd\nn null-co\nc compress file=h\ne export of=c\no export of=n"
            try await workshop.start(quick(graph))
            let (client, other) = try (workshop.client("e"), workshop.client("o"))
            workshop.standIns.hold("h")
            client.sendRead()
            try await eventually { workshop.standIns.log.contains("hold h") }
            let before = await workshop.still()
            async let outcome = workshop.apply(
                quick("m nbd\nn null-co\nc compress file=m\ne export of=c\no export of=n"),
                timeoutMilliseconds: 200
            )
            try await eventually { workshop.standIns.log.contains("drain c") }
            // Sent while it is paused: it waits, and goes the old way when the plan is undone.
            client.sendRead()
            for _ in 0..<20 { #expect(other.read()?.errorNumber == 0) }
            let late = try workshop.client("o")
            #expect(late.read()?.errorNumber == 0)
            #expect(await outcome.code == "E0801")
            #expect(await outcome.reason?.contains("export e") == true)
            #expect(!client.hasAnswer)
            // The new client's socket is all that differs.
            let generation = before.prefix { $0 != "\n" }
            #expect(await workshop.still().hasPrefix(generation + "\n"))
            #expect(await workshop.masks.keys.contains("node/c file h"))
            await workshop.standIns.letGo()
            #expect(client.answer(payload: 512)?.errorNumber == 0)
            #expect(client.answer(payload: 512)?.errorNumber == 0)
        }
    }

    @Test("D16: an export with a client is kept, or cut when the document says so")
    func removal() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("n null-co\ne export of=n"))
            let client = try workshop.client("e")
            let refused = await workshop.apply(quick("n null-co"))
            #expect(refused.code == "E0611")
            #expect(client.read()?.errorNumber == 0)
            try await workshop.start(quick("n null-co\ne export of=n on-remove=disconnect"))
            try await workshop.start(quick("n null-co"))
            #expect(client.read() == nil || client.read()?.errorNumber != 0)
        }
    }

    @Test("D17: overlays come and go over an exported node on a thread, under load, in a loop")
    func overlaysInALoop() async throws {
        try await Workshop.run { workshop in
            let base = "b null-co read-only=true\nf null-co\n"
            let plain = base + "e export of=b iothread=io0"
            let covered = base + "q qcow2 file=f backing=b\ne export of=q iothread=io0"
            try await workshop.start(quick(plain))
            let client = try workshop.client("e")
            for round in 0..<40 {
                for index in 0..<16 { client.sendRead(UInt64(index) * 4096, 4096) }
                try await workshop.start(quick(round.isMultiple(of: 2) ? covered : plain))
                for _ in 0..<16 { #expect(client.answer(payload: 4096)?.errorNumber == 0) }
            }
        }
    }
}
