import BlockGraph
import Simulation
import Testing

/// What QEMU does with jobs and their filters is a node or a plan here; the effects are the same.
@Suite("Cases: copies, and what QEMU's jobs do")
struct CopyCases {
    private static let copied =
        "f nbd\nt nbd\nc copy-before-write file=f target=t\ne export of=c =rw"

    @Test("J2, J3: while a copy is at work, links below it change and others are exported")
    func others() async throws {
        try await Workshop.run { workshop in
            let graph =
                "b nbd read-only=true\ng nbd\nf qcow2 file=g backing=b\nt nbd\n"
                + "c copy-before-write file=f target=t\ne export of=c =rw\n"
            try await workshop.start(quick(graph))
            try await workshop.start(quick(graph + "r export of=b\nv export of=t"))
            try await workshop.start(
                quick(graph.replacing(" backing=b", with: "") + "r export of=b\nv export of=t")
            )
            #expect(await workshop.masks["node/f backing b"] == nil)
            #expect(try workshop.client("e").write(0, [1])?.errorNumber == 0)
        }
    }

    @Test("J4, J10: what a copy uses can neither leave nor become read-only, and is left as it was")
    func used() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick(Self.copied))
            let before = await workshop.still()
            let refused = [
                Self.copied.replacing("f nbd\n", with: ""),
                Self.copied.replacing("t nbd\n", with: ""),
                Self.copied.replacing("t nbd\n", with: "t nbd read-only=true\n"),
                Self.copied + "\nd copy-before-write file=f target=u\nu nbd\nx export of=d =rw",
            ]
            for text in refused {
                let outcome = await workshop.apply(quick(text))
                #expect(!outcome.isApplied, "\(text)")
                #expect(await workshop.still() == before, "\(text)")
            }
        }
    }

    @Test("J11, J12: nothing is copied into itself, into what stands over it, or into nothing")
    func intoItself() async throws {
        let head = "b nbd read-only=true\ng nbd\nf qcow2 file=g backing=b\nr raw file=f\n"
        for target in ["f", "r", "b", "nn"] {
            let judgement = Judgement(
                head + "c copy-before-write file=f target=\(target)\ne export of=c =rw"
            )
            #expect(!judgement.isLegal, "into \(target)")
            #expect(judgement.words.contains(target), "into \(target): \(judgement.words)")
        }
    }

    @Test("J8, J9: overlay and base part under a client, either way, and no request is lost")
    func parting() async throws {
        try await Workshop.run { workshop in
            let base = "b nbd\n"
            let over = "b nbd read-only=true\ng nbd\nq qcow2 file=g backing=b\ne export of=q =rw"
            try await workshop.start(quick(over))
            let client = try workshop.client("e")
            for (wished, holder) in [
                (base + "e export of=b =rw", "g"), (over, "b"),
                (over.replacing(" backing=b", with: ""), "g"),
            ] {
                workshop.standIns.forgetLog()
                workshop.standIns.hold(holder)
                client.sendRead()
                try await eventually {
                    workshop.standIns.log.contains("hold \(holder)") || client.hasAnswer
                }
                async let outcome = workshop.apply(quick(wished))
                await workshop.standIns.letGo()
                #expect(client.answer(payload: 512)?.errorNumber == 0, "\(wished)")
                let result = await outcome
                #expect(result.isApplied, "\(wished): \(result)")
                #expect(result.receipt?.exports.first?.failed == 0)
                #expect(client.write(0, [1])?.errorNumber == 0, "\(wished)")
                #expect(!client.hasAnswer)
            }
        }
    }

    @Test("J14: when a copy is gone, masks are those of before")
    func gone() async throws {
        try await Workshop.run { workshop in
            let plain = "f nbd\nt nbd\ne export of=f =rw\nv export of=t =rw"
            try await workshop.start(quick(plain))
            let before = await workshop.masks
            try await workshop.start(quick(Self.copied))
            #expect(await workshop.masks != before)
            try await workshop.start(quick(plain))
            #expect(await workshop.masks == before)
        }
    }

    @Test("J15: a copy comes and goes fifty times over an export on a thread, under its client")
    func loop() async throws {
        try await Workshop.run { workshop in
            let exports = "e export of=TOP =rw iothread=io0"
            let plain = "f nbd\nt nbd\n" + exports.replacing("TOP", with: "f")
            let copied =
                "f nbd\nt nbd\nc copy-before-write file=f target=t\n"
                + exports.replacing("TOP", with: "c")
            try await workshop.start(quick(plain))
            let client = try workshop.client("e")
            for round in 0..<50 {
                for _ in 0..<8 { client.sendRead() }
                try await workshop.start(quick(round.isMultiple(of: 2) ? copied : plain))
                for _ in 0..<8 { #expect(client.answer(payload: 512)?.errorNumber == 0) }
            }
            #expect(!client.hasAnswer)
        }
    }

    @Test("B4: a listener cannot be there twice, and takes its exports with it when it goes")
    func listener() async throws {
        try await Workshop.run { workshop in
            let graph = "n nbd\ne export of=n"
            try await workshop.start(quick(graph))
            let twice = Workshop.prelude.replacing(
                "listeners: {l:",
                with: "listeners: {m: {type: nbd, address: \"unix:{dir}/l.sock\"}, l:"
            )
            let before = await workshop.still()
            #expect(!(await workshop.apply(quick(graph), prelude: twice)).isApplied)
            #expect(await workshop.still() == before)
            let none = Workshop.prelude.split(separator: "\n").dropFirst().joined(separator: "\n")
            #expect(!(await workshop.apply(quick(graph), prelude: none + "\n")).isApplied)
            let gone = await workshop.apply(quick("n nbd"), prelude: none + "\n")
            #expect(gone.isApplied, "\(gone)")
            #expect(Holds.sockets(below: workshop.directory.path) == [])
            #expect(throws: NBDTestClient.Refusal.self) { try workshop.client("e") }
        }
    }
}
