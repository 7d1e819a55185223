import BlockGraph
import GraphModel
import Reconciliation
import Testing

@Suite("Cases: reopening and switching children")
struct ReopenCases {
    @Test("R1, R25: the same again, or nothing at all, is a success that does nothing [CRASH]")
    func sameAgain() async throws {
        try await Workshop.run { workshop in
            let empty = await workshop.apply("")
            #expect(empty.isApplied)
            try await workshop.start(quick("f nbd\nq qcow2 file=f\ne export of=q"))
            let before = await workshop.still()
            workshop.standIns.forgetLog()
            try await workshop.start(quick("e export of=q\nq qcow2 file=f\nf nbd"))
            #expect(await workshop.still() == before)
            #expect(workshop.standIns.log == [])
        }
    }

    // What cannot change in place is replaced by a new node, and clients stay.
    @Test(
        "R2: what QEMU cannot change is changed by a new node in the old one's place",
        arguments: [
            "f file filename=g.raw", "f file locking=off", "f file aio=threads",
            "f null-co size=64KiB",
            "f raw file=h\nh null-co size=64KiB",
        ]
    )
    func replaced(nodes: String) async throws {
        try await Workshop.run { workshop in
            for name in ["f", "g"] { workshop.directory.file(name + ".raw") }
            try await workshop.start(quick("f file\nr raw file=f\ne export of=r"))
            let client = try workshop.client("e")
            try await workshop.start(quick(nodes + "\nr raw file=f\ne export of=r"))
            #expect(client.read()?.errorNumber == 0)
        }
    }

    @Test("R3: an option that is left out has its default again")
    func defaultAgain() async throws {
        try await Workshop.run { workshop in
            let path = workshop.directory.file("f.raw")
            try await workshop.start(quick("f file locking=off\ne export of=f"))
            #expect(Holds.lockedBytes(path) == [])
            try await workshop.start(quick("f file\ne export of=f"))
            #expect(Holds.lockedBytes(path) == [100, 203])
        }
    }

    // Whether a header names a backing is the qcow2 driver's to find out, when it opens.
    @Test("R6: a backing that is detached is told by null, and leaving it out is the same graph")
    func backingLeftOut() {
        let left = Judgement(
            document: "nodes: {f: {driver: file, filename: a}, q: {driver: qcow2, file: f}}\n"
        )
        let told = Judgement("f file filename=a\nq qcow2 file=f")
        #expect(told.configuration.description.nodes["q"]?.emptySlots == ["backing"])
        #expect(left.configuration.description.nodes["q"]?.children.map(\.edge) == ["file"])
    }

    @Test("R7: two overlays may have one base")
    func twoOverlays() async throws {
        try await Workshop.run { workshop in
            let files = "a nbd\nb nbd\nc nbd\nhd1 qcow2 file=a read-only=true\n"
            try await workshop.start(
                quick(
                    files + "hd0 qcow2 file=b\nhd2 qcow2 file=c\ne export of=hd0\nf export of=hd2"
                )
            )
            try await workshop.start(
                quick(
                    files + "hd0 qcow2 file=b backing=hd1\nhd2 qcow2 file=c backing=hd1\n"
                        + "e export of=hd0\nf export of=hd2"
                )
            )
            #expect(await workshop.masks["node/hd0 backing hd1"] == "R/RWUS")
            #expect(await workshop.masks["node/hd2 backing hd1"] == "R/RWUS")
        }
    }

    private static func chain(_ hd0: String, _ hd1: String, _ hd2: String) -> String {
        quick(
            "a nbd\nb nbd\nc nbd\nhd0 qcow2 file=a backing=\(hd0) read-only=true\n"
                + "hd1 qcow2 file=b backing=\(hd1) read-only=true\n"
                + "hd2 qcow2 file=c backing=\(hd2) read-only=true\ne export of=hd0"
        )
    }

    @Test(
        "R11, R12: a chain is turned round in one plan; only the final graph has to be free of cycles"
    )
    func turnedRound() async throws {
        try await Workshop.run { workshop in
            for (hd0, hd1, hd2) in [
                ("hd2", "null", "hd1"), ("hd1", "hd2", "null"), ("null", "null", "hd0"),
                ("hd1", "hd2", "null"),
            ] {
                try await workshop.start(Self.chain(hd0, hd1, hd2))
                #expect(try workshop.client("e").read()?.errorNumber == 0)
            }
        }
    }

    @Test("R14: two writable formats swap their files in one plan, and back; alone neither may")
    func swap() async throws {
        try await Workshop.run { workshop in
            for name in ["f0", "f2"] { workshop.directory.file(name + ".raw") }
            func graph(_ first: String, _ second: String) -> String {
                quick(
                    "f0 file\nf2 file\nhd0 qcow2 file=\(first)\nhd2 qcow2 file=\(second)\ne export of=hd0 =rw"
                )
            }
            try await workshop.start(graph("f0", "f2"))
            let before = await workshop.still()
            #expect(await workshop.apply(graph("f2", "f2")).code == "E0412")
            #expect(await workshop.apply(graph("f0", "f0")).code == "E0412")
            #expect(await workshop.still() == before)
            try await workshop.start(graph("f2", "f0"))
            try await workshop.start(graph("f0", "f2"))
            // The files themselves are swapped, too: each lock goes over to the other node.
            try await workshop.start(
                quick(
                    "f0 file filename=f2.raw\nf2 file filename=f0.raw\nhd0 qcow2 file=f0\nhd2 qcow2 file=f2\ne export of=hd0 =rw"
                )
            )
            #expect(try workshop.client("e").write(0, [3])?.errorNumber == 0)
        }
    }

    @Test(
        "R15, R17: a throttle goes between a format and its file and out; another's file it may not take"
    )
    func throttleBetween() async throws {
        try await Workshop.run { workshop in
            for name in ["f0", "f2"] { workshop.directory.file(name + ".raw") }
            let nodes = "f0 file\nf2 file\nhd2 qcow2 file=f2\n"
            let over = nodes + "thr throttle file=FILE\nhd0 qcow2 file=thr\ne export of=hd0 =rw"
            try await workshop.start(quick(nodes + "hd0 qcow2 file=f0\ne export of=hd0 =rw"))
            try await workshop.start(quick(over.replacing("FILE", with: "f0")))
            for edge in ["node/hd0 file thr", "node/thr file f0"] {
                #expect(await workshop.masks[edge]?.hasPrefix("RWS/R") == true, "\(edge)")
            }
            let before = await workshop.still()
            #expect(await workshop.apply(quick(over.replacing("FILE", with: "f2"))).code == "E0412")
            #expect(await workshop.still() == before)
            try await workshop.start(quick(nodes + "hd0 qcow2 file=f0\ne export of=hd0 =rw"))
            #expect(await workshop.snapshot.nodes["thr"] == nil)
        }
    }

    @Test("R18, R19: a group is changed for another that exists, and not when anything else fails")
    func groups() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("n nbd\nthr throttle file=n\ne export of=thr"))
            let before = await workshop.still()
            let missing = await workshop.apply(
                quick("n nbd\nthr throttle file=n throttle-group=missing\ne export of=thr")
            )
            #expect(missing.code == "E0302")
            workshop.standIns.fail("check n")
            let other = await workshop.apply(
                quick(
                    "n nbd detect-zeroes=on\nthr throttle file=n throttle-group=h\ne export of=thr"
                )
            )
            #expect(other.code == "E0501")
            #expect(await workshop.still() == before)
            workshop.standIns.fail()
            // The old group can go in the same plan.
            let moved = await workshop.apply(
                quick("n nbd\nthr throttle file=n throttle-group=h\ne export of=thr"),
                prelude: Workshop.prelude.replacing("g: {iops-total: 1000000}, ", with: "")
            )
            #expect(moved.isApplied, "\(moved)")
        }
    }

    @Test("R21: an inline child that is switched away from leaves; a declared one stays")
    func inlineLeaves() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(
                "nodes: {w: {driver: raw, file: {driver: null-co}}, n: {driver: null-co}}\n"
            )
            try await workshop.start(quick("n null-co\nw raw file=n"))
            #expect(await workshop.snapshot.nodes["w.file"] == nil)
            let back = await workshop.apply(quick("n null-co\nw raw file=w.file"))
            #expect(back.code == "E0302")
        }
    }

    @Test("R23: options of a node that is referred to stay its own")
    func optionsStay() async throws {
        try await Workshop.run { workshop in
            let below = "f nbd\ng nbd\nhd1 qcow2 file=g read-only=true detect-zeroes=on\n"
            try await workshop.start(quick(below + "hd0 qcow2 file=f backing=hd1 detect-zeroes=on"))
            try await workshop.start(quick(below + "hd0 qcow2 file=f backing=hd1"))
            let nodes = await workshop.snapshot.resolved.description.nodes
            #expect(nodes["hd0"]?.options.text("detect-zeroes") == "off")
            #expect(nodes["hd1"]?.options.text("detect-zeroes") == "on")
        }
    }

    @Test("R24: a node that is stated twice is refused")
    func statedTwice() {
        #expect(
            Judgement(document: "nodes: {n: {driver: null-co}, n: {driver: null-co}}\n").codes == [
                "E0103"
            ]
        )
    }

    @Test("R26: a node whose file is its backing, too, leaves a chain in one step [CRASH]")
    func twoEdgeDiamond() async throws {
        try await Workshop.run { workshop in
            let nodes =
                "f1 nbd read-only=true\nf0 nbd\nf2 nbd\n"
                + "hd1 qcow2 file=f1 backing=f1 read-only=true\nhd2 qcow2 file=f2 read-only=true\n"
            try await workshop.start(
                quick(nodes + "hd0 qcow2 file=f0 backing=hd1\ne export of=hd0 =rw")
            )
            let client = try workshop.client("e")
            client.sendRead()
            try await workshop.start(
                quick(nodes + "hd0 qcow2 file=f0 backing=hd2\ne export of=hd0 =rw")
            )
            #expect(client.answer(payload: 512)?.errorNumber == 0)
            #expect(client.write(0, [1])?.errorNumber == 0)
        }
    }

    @Test(
        "R29: a raw node over the same file goes between, and I/O works",
        arguments: ["raw", "qcow2", "blkdebug"]
    )
    func rawBetween(driver: String) async throws {
        try await Workshop.run { workshop in
            workshop.directory.file("f.raw", fill: 4)
            let edge = driver == "blkdebug" ? "image" : "file"
            try await workshop.start(quick("f file\nq \(driver) \(edge)=f\ne export of=q =rw"))
            let client = try workshop.client("e")
            try await workshop.start(
                quick("f file\nr raw file=f\nq \(driver) \(edge)=r\ne export of=q =rw")
            )
            #expect(client.read()?.bytes.first == 4)
            #expect(client.write(512, [6])?.errorNumber == 0)
            #expect(client.read(512, 1)?.bytes == [6])
        }
    }

    // Nothing is flushed before a change: what was answered to a flush is durable, and requests in
    // flight are answered before the switch. A node that cannot be flushed when it is closed is
    // told of; see S60.
    @Test("R30: a change that fails before its commit has told no driver to commit")
    func noDriverTold() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("a nbd\nb nbd\ne export of=a\nf export of=b"))
            workshop.standIns.forgetLog()
            workshop.faults.arm(1)
            let outcome = await workshop.apply(
                quick(
                    "a nbd detect-zeroes=on\nb nbd detect-zeroes=on\ne export of=a\nf export of=b"
                )
            )
            #expect(!outcome.isApplied)
            #expect(workshop.standIns.log == [])
        }
    }
}
