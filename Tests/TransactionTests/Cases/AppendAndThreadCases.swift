import BlockGraph
import GraphModel
import Reconciliation
import Testing

@Suite("Cases: snapshots and several changes at once")
struct AppendCases {
    @Test("A1: an export goes on with an overlay over what it served, and that becomes read-only")
    func snapshot() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("f1 nbd\nhd1 qcow2 file=f1\ne export of=hd1 =rw"))
            let client = try workshop.client("e")
            try await workshop.start(
                quick(
                    "f1 nbd\nhd1 qcow2 file=f1 read-only=true\nfs nbd\n"
                        + "sn qcow2 file=fs backing=hd1\ne export of=sn =rw"
                )
            )
            #expect(await workshop.masks["node/sn backing hd1"] == "R/RWUS")
            #expect(await workshop.masks["node/hd1 file f1"] == "R/RU")
            #expect(client.write(0, [1])?.errorNumber == 0)
        }
    }

    @Test("A3: an overlay goes between a base and the overlay above it")
    func between() async throws {
        try await Workshop.run { workshop in
            let files = "b nbd read-only=true\nf nbd\ng nbd\n"
            try await workshop.start(quick(files + "t qcow2 file=f backing=b\ne export of=t =rw"))
            try await workshop.start(
                quick(
                    files + "m qcow2 file=g backing=b read-only=true\nt qcow2 file=f backing=m\n"
                        + "e export of=t =rw"
                )
            )
            #expect(await workshop.masks["node/m backing b"] == "R/RWUS")
            #expect(try workshop.client("e").read()?.errorNumber == 0)
        }
    }

    @Test("A6, A7, A8: of several changes in one plan all are made or none")
    func allOrNone() async throws {
        try await Workshop.run { workshop in
            let base = "b nbd read-only=true\nf nbd\ng nbd\n"
            try await workshop.start(quick(base + "e export of=b"))
            let before = await workshop.still()
            let wished = quick(
                base
                    + "sn qcow2 file=f backing=b\nsn2 qcow2 file=g backing=sn\ne export of=sn2 =rw\n"
            )
            // sn is written by sn2's file no more than by anybody: the second one is refused.
            let refused = await workshop.apply(
                quick(
                    base
                        + "sn qcow2 file=f backing=b\nsn2 qcow2 file=f backing=sn\ne export of=sn2 =rw"
                )
            )
            #expect(refused.code == "E0412")
            #expect(await workshop.still() == before)
            let abandoned = await workshop.apply(wished) { () async throws(GraphError) in
                throw GraphError(
                    code: .abandoned,
                    object: "journal",
                    reason: "newer files are there"
                )
            }
            #expect(abandoned.code == "E0802")
            #expect(await workshop.still() == before)
            #expect(await workshop.apply(wished).isApplied)
        }
    }

    @Test("A9: a vote keeps as many children as its threshold needs")
    func quorum() async throws {
        try await Workshop.run { workshop in
            func votes(_ children: String) -> String {
                quick(
                    "q0 nbd\nq1 nbd\nq2 nbd\nq quorum vote-threshold=2 children=[\(children)]\ne export of=q =rw"
                )
            }
            try await workshop.start(votes("q0,q1"))
            let client = try workshop.client("e")
            try await workshop.start(votes("q0,q1,q2"))
            try await workshop.start(votes("q1,q2"))
            #expect(client.write(0, [1])?.errorNumber == 0)
            let outcome = await workshop.apply(votes("q2"))
            #expect(outcome.code == "E0208")
            #expect(outcome.reason?.contains("vote-threshold") == true)
            #expect(workshop.standIns.log.filter { $0.hasPrefix("open q ") }.count == 1)
        }
    }

    @Test("A11: a copy before each write goes between an export and its node under a client's I/O")
    func copyUnderExport() async throws {
        try await Workshop.run { workshop in
            let idle = "n nbd\nt nbd\nc copy-before-write file=n target=t\n"
            try await workshop.start(quick(idle + "e export of=n =rw"))
            let client = try workshop.client("e")
            for index in 0..<32 { client.sendRead(UInt64(index) * 512) }
            let receipt = await workshop.apply(quick(idle + "e export of=c =rw")).receipt
            for _ in 0..<32 { #expect(client.answer(payload: 512)?.errorNumber == 0) }
            #expect(receipt?.exports.first?.failed == 0)
            #expect(client.write(0, [1])?.errorNumber == 0)
        }
    }

    @Test(
        "A12: three nodes more, an export pointed at them, the old one gone: undone when the last step fails"
    )
    func manySteps() async throws {
        try await Workshop.run { workshop in
            workshop.directory.file("old.raw", fill: 8)
            try await workshop.start(quick("old file\ne export of=old"))
            let client = try workshop.client("e")
            let before = await workshop.still()
            let wished = quick(
                "f file create={\"size\":65536}\nr raw file=f\nt throttle file=r\ne export of=t"
            )
            let refused = await workshop.apply(wished) { () async throws(GraphError) in
                throw GraphError(code: .abandoned, object: "plan", reason: "the last step fails")
            }
            #expect(!refused.isApplied)
            #expect(await workshop.still() == before)
            #expect(client.read()?.bytes.first == 8)
            #expect(await workshop.apply(wished).isApplied)
            #expect(client.read()?.bytes.first == 0)
        }
    }
}

@Suite("Cases: threads")
struct ThreadCases {
    @Test("I1: a node on one thread is served on another as well, and a third export joins either")
    func secondExport() async throws {
        try await Workshop.run { workshop in
            let first = "f null-co\na export of=f iothread=io0\n"
            for second in [
                "b export of=f iothread=io1", "b export of=f", "b export of=f iothread=io0",
            ] {
                // The daemon may not have seen yet that the client left.
                let second = second + " on-remove=disconnect"
                try await workshop.start(quick(first + second))
                #expect(try workshop.client("a").read()?.errorNumber == 0)
                #expect(try workshop.client("b").read()?.errorNumber == 0)
                try await workshop.start(quick(first))
            }
        }
    }

    @Test(
        "I4, I11: who comes over a node on a thread comes to that thread, with all below it, each once"
    )
    func parentsFollow() async throws {
        try await Workshop.run { workshop in
            let diamond = "a null-co\nb raw file=a\nc raw file=a\nv blkverify raw=b test=c\n"
            try await workshop.start(quick(diamond + "e export of=v iothread=io0"))
            for name in ["a", "b", "c", "v"] {
                #expect(await workshop.snapshot.nodes[name]?.threads == ["io0"])
            }
            try await workshop.start(quick(diamond + "e export of=v"))
            for name in ["a", "b", "c", "v"] {
                #expect(await workshop.snapshot.nodes[name]?.threads == ["default"])
            }
        }
    }

    @Test("I8: a throttle comes over a node that a thread of its own serves [CRASH]")
    func throttleOverThread() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("f null-co\ne export of=f iothread=io0"))
            let client = try workshop.client("e")
            try await workshop.start(
                quick("f null-co\nt throttle file=f\ne export of=f iothread=io0")
            )
            try await workshop.start(
                quick("f null-co\nt throttle file=f\ne export of=t iothread=io0")
            )
            #expect(client.read()?.errorNumber == 0)
            #expect(await workshop.snapshot.nodes["t"]?.threads == ["io0"])
        }
    }

    @Test("I10: an export keeps its thread while nodes come and go below it")
    func exportKeepsThread() async throws {
        try await Workshop.run { workshop in
            for node in ["n", "m", "n"] {
                try await workshop.start(
                    quick("n null-co\nm null-co\ne export of=\(node) iothread=io1")
                )
                #expect(await workshop.snapshot.exports["e"]?.threads == ["io1"])
                #expect(await workshop.snapshot.nodes[node]?.threads == ["io1"])
                #expect(await workshop.snapshot.nodes[node == "n" ? "m" : "n"]?.threads == [])
            }
        }
    }

    @Test("I12: source, target and filter of a copy move together, by either of their exports")
    func copyMoves() async throws {
        try await Workshop.run { workshop in
            let nodes = "s nbd\nt nbd\nc copy-before-write file=s target=t\n"
            try await workshop.start(quick(nodes + "e export of=c =rw"))
            try await workshop.start(quick(nodes + "e export of=c =rw iothread=io0"))
            for name in ["s", "t", "c"] {
                #expect(await workshop.snapshot.nodes[name]?.threads == ["io0"])
            }
        }
    }

    @Test("I13: a change that would move a node and is then refused moves nothing")
    func refusedMove() async throws {
        try await Workshop.run { workshop in
            let nodes = "f nbd\nq qcow2 file=f\n"
            try await workshop.start(quick(nodes))
            let before = await workshop.still()
            #expect(
                await workshop.apply(quick(nodes + "e export of=f =rw iothread=io0")).code
                    == "E0412"
            )
            #expect(await workshop.still() == before)
            workshop.faults.arm(3)
            #expect(
                !(await workshop.apply(quick(nodes + "e export of=q =rw iothread=io0"))).isApplied
            )
            #expect(await workshop.still() == before)
        }
    }

    @Test("I14: clients of an export on a thread leave at any moment, and the daemon lives [CRASH]")
    func clientsLeave() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("n nbd\ne export of=n iothread=io0"))
            workshop.standIns.hold("n")
            for index in 0..<24 {
                let client = try workshop.client("e")
                for _ in 0...(index % 5) { client.sendRead() }
            }
            await workshop.standIns.letGo()
            try await eventually {
                await workshop.snapshot.exports["e"]?.handler.clients.isEmpty == true
            }
            #expect(try workshop.client("e").read()?.errorNumber == 0)
        }
    }
}
