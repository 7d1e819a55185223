import BlockGraph
import GraphModel
import Reconciliation
import Testing

@Suite("Capabilities: edges, contexts, users")
struct EdgeRows {
    @Test("S08, S44: a node lives where its parents are served, whoever they are")
    func placement() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("n null-co\nr raw file=n\ne export of=r iothread=io0"))
            let nodes = await workshop.snapshot.nodes
            #expect(nodes["r"]?.threads == ["io0"])
            #expect(nodes["n"]?.threads == ["io0"])
            #expect(try workshop.client("e").read()?.errorNumber == 0)
        }
    }

    @Test("S21: a driver is asked first, then told once, or told once to forget")
    func askedThenTold() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("n nbd\nq qcow2 file=n"))
            let change = quick("n nbd\nq qcow2 file=n l2-cache-size=1MiB")
            workshop.standIns.forgetLog()
            workshop.standIns.fail("check q")
            #expect(await workshop.apply(change).code == "E0501")
            #expect(workshop.standIns.log == ["prepare q -/RWUS", "abort q"])
            workshop.standIns.forgetLog()
            workshop.standIns.fail()
            #expect(await workshop.apply(change).isApplied)
            #expect(workshop.standIns.log == ["prepare q -/RWUS", "check q", "commit q"])
        }
    }

    @Test("S22, S58: two changes of one transaction ask a driver once, with the final masks")
    func finalMasks() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("n nbd\ne export of=n\nf export of=n"))
            workshop.standIns.forgetLog()
            // One user goes, another one writes from now on.
            try await workshop.start(quick("n nbd\ne export of=n =rw"))
            #expect(
                workshop.standIns.log.filter { $0.hasPrefix("prepare") } == ["prepare n RW/RWU"]
            )
        }
    }

    @Test("S24, S25: what is replaced lives until the commit, and what failed can be tried again")
    func replacedNode() async throws {
        try await Workshop.run { workshop in
            workshop.directory.file("a.raw", fill: 1)
            try await workshop.start(quick("a file\ne export of=a"))
            let client = try workshop.client("e")
            let before = await workshop.still()
            workshop.faults.arm(7)
            let failed = await workshop.apply(
                quick("b file create={\"size\":65536}\ne export of=b")
            )
            #expect(!failed.isApplied)
            #expect(await workshop.still() == before)
            #expect(workshop.directory.names == ["a.raw", "l.sock"])
            #expect(client.read()?.bytes.first == 1)
            workshop.faults.arm(nil)
            try await workshop.start(quick("b file create={\"size\":65536}\ne export of=b"))
            #expect(client.read()?.bytes.first == 0)
            #expect(
                Holds.descriptors(below: workshop.directory.path).allSatisfy { $0.hasPrefix("b") }
            )
        }
    }

    @Test("S34: who asks for more may be refused, and nothing changes")
    func askingForMore() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(
                quick("n nbd\nb raw file=n\ne export of=b share=[consistent-read]")
            )
            let before = await workshop.still()
            let outcome = await workshop.apply(
                quick(
                    "n nbd\nb raw file=n\ne export of=b share=[consistent-read]\nf export of=b =rw"
                )
            )
            #expect(outcome.code == "E0412")
            #expect(await workshop.still() == before)
        }
    }

    @Test("S35: who asks for less is never refused, whatever others hold by now")
    func askingForLess() async throws {
        try await Workshop.run { workshop in
            let path = workshop.directory.file("f.raw")
            try await workshop.start(quick("f file\ne export of=f =rw"))
            // A careless process takes the byte of `resize` after us, which we do not share.
            let stranger = try ForeignLock(path, byte: 103)
            #expect(await workshop.apply(quick("f file\ne export of=f")).isApplied)
            #expect(Holds.lockedBytes(path).contains(101) == false)
            stranger.release()
        }
    }

    @Test("S38: a parent goes where its busy child is, and the child goes where its parents are")
    func parentMeetsChild() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("n null-co\ne export of=n iothread=io0"))
            try await workshop.start(
                quick("n null-co\ne export of=n iothread=io0\nr raw file=n\nf export of=r")
            )
            let nodes = await workshop.snapshot.nodes
            #expect(nodes["n"]?.threads == ["default", "io0"])
            #expect(nodes["r"]?.threads == ["default"])
        }
    }

    // QEMU refuses, because a node has one home there; here it has a view on each thread.
    @Test("S39, I5, I7: two exports on threads of their own may share what is below [CRASH]")
    func twoFixedThreads() async throws {
        try await Workshop.run { workshop in
            let nodes = "a null-co\nb null-co\n"
            try await workshop.start(
                quick(nodes + "e export of=a iothread=io0\nf export of=b iothread=io1")
            )
            let clients = try [workshop.client("e"), workshop.client("f")]
            try await workshop.start(
                quick(
                    nodes + "v blkverify raw=a test=b\ne export of=v iothread=io0\n"
                        + "f export of=v iothread=io1"
                )
            )
            #expect(await workshop.snapshot.nodes["a"]?.threads == ["io0", "io1"])
            for client in clients { #expect(client.read()?.errorNumber == 0) }
            try await workshop.start(
                quick(nodes + "e export of=a iothread=io0\nf export of=b iothread=io1")
            )
            #expect(await workshop.snapshot.nodes["a"]?.threads == ["io0"])
        }
    }

    @Test(
        "S41: no node is ever open with other masks than those of the graph that it is opened for"
    )
    func masksBeforeEdges() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("n nbd\nq qcow2 file=n\ne export of=q =rw"))
            let opened = workshop.standIns.log.filter { $0.hasPrefix("open") }
            #expect(opened == ["open n RWS/RU", "open q RW/RWU"])
            #expect(!workshop.standIns.log.contains { $0.hasPrefix("prepare") })
        }
    }

    @Test("S42: an export that is refused leaves no hold on its node")
    func refusedExport() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("n null-co\nm null-co"))
            let refused = await workshop.apply(
                quick("n null-co\nm null-co\ne export of=n")
                    .replacing("node: n", with: "node: n, listener: nowhere")
            )
            #expect(!refused.isApplied)
            try await workshop.start(quick("m null-co"))
            #expect(await workshop.snapshot.nodes.keys.sorted() == ["m"])
        }
    }

    @Test("S45: an export that goes loosens the masks below it and gives its locks back")
    func loosening() async throws {
        try await Workshop.run { workshop in
            let path = workshop.directory.file("f.raw")
            try await workshop.start(quick("f file\nr raw file=f\ne export of=r =rw"))
            #expect(Holds.lockedBytes(path) == [100, 101, 203])
            try await workshop.start(quick("f file\nr raw file=f"))
            #expect(await workshop.masks["node/r file f"] == "-/RWUS")
            #expect(Holds.lockedBytes(path) == [])
        }
    }

    // There is no inheritance behind the user's back: options are those of the document, always.
    @Test("S47, S49: a refused change leaves the options of everything below as they were")
    func optionsOfTheTree() async throws {
        try await Workshop.run { workshop in
            let tree =
                "nodes: {q: {driver: qcow2, file: {driver: raw, file: {driver: nbd, "
                + "server: {type: unix, path: s}, detect-zeroes: on}}, backing: BACKING}, "
                + "b: {driver: null-co, read-only: true}}\n"
            try await workshop.start(tree.replacing("BACKING", with: "null"))
            let before = await workshop.still()
            #expect(before.contains("q.file.file"))
            workshop.standIns.fail("check q")
            let refused = await workshop.apply(tree.replacing("BACKING", with: "b"))
            #expect(refused.code == "E0501")
            #expect(await workshop.still() == before)
            workshop.standIns.fail()
            try await workshop.start(tree.replacing("BACKING", with: "b"))
            let file = await workshop.snapshot.resolved.description.nodes["q.file.file"]
            #expect(file?.options.text("detect-zeroes") == "on")
        }
    }

    @Test("S48: a node that one parent uses twice keeps its options when one of the edges goes")
    func usedTwice() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(
                quick("n null-co detect-zeroes=on\nm null-co\nv blkverify raw=n test=n")
            )
            try await workshop.start(
                quick("n null-co detect-zeroes=on\nm null-co\nv blkverify raw=n test=m")
            )
            let nodes = await workshop.snapshot.resolved.description.nodes
            #expect(nodes["n"]?.options.text("detect-zeroes") == "on")
            #expect(nodes["m"]?.options.text("detect-zeroes") == "off")
        }
    }

    @Test("S53, R5: nothing is inherited, so that nothing sticks when parent and child part")
    func nothingSticks() async throws {
        try await Workshop.run { workshop in
            workshop.directory.file("f.raw")
            let inline = "nodes: {q: {driver: raw, RO file: {driver: file, filename: f.raw, RO}}}\n"
            try await workshop.start(inline.replacing("RO", with: "read-only: true,"))
            try await workshop.start(
                "nodes: {f: {driver: file, filename: f.raw}, q: {driver: raw, file: f}}\n"
                    + "exports: {e: {type: nbd, node: q, writable: true}}\n"
            )
            #expect(try workshop.client("e").write(0, [7])?.errorNumber == 0)
        }
    }

    @Test("S90: a copy before a write is the work of a node like any other")
    func copyBeforeWrite() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("n nbd\nt nbd\ne export of=n =rw"))
            let client = try workshop.client("e")
            try await workshop.start(
                quick("n nbd\nt nbd\nc copy-before-write file=n target=t\ne export of=c =rw")
            )
            #expect(await workshop.masks["node/c file n"] == "RW/RU")
            #expect(client.write(0, [1])?.errorNumber == 0)
        }
    }
}
