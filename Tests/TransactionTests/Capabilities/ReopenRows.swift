import BlockGraph
import GraphModel
import Reconciliation
import Testing

@Suite("Capabilities: backing, reopening")
struct ReopenRows {
    private static let disks = "b nbd read-only=true\nc nbd read-only=true\nf nbd\n"

    // Links are not frozen here: what must stay is protected, and then no plan removes it.
    @Test(
        "S50, S70: what is protected stays, and the link above it with it when a plan would drop it"
    )
    func frozen() async throws {
        try await Workshop.run { workshop in
            let graph = "b null-co protect=true\nf nbd\nq qcow2 file=f backing=b\ne export of=q =rw"
            try await workshop.start(quick(graph))
            let before = await workshop.still()
            let outcome = await workshop.apply(quick("f nbd\nq qcow2 file=f\ne export of=q =rw"))
            #expect(outcome.code == "E0601")
            #expect(outcome.reason?.contains("node/b") == true)
            #expect(await workshop.still() == before)
            let allowed = await workshop.apply(
                quick("f nbd\nq qcow2 file=f\ne export of=q =rw"),
                allowing: ["b"]
            )
            #expect(allowed.isApplied)
        }
    }

    @Test(
        "S51, S54, S68: a backing switch that fails late leaves the old backing, its masks and limits"
    )
    func backingSwitchFails() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(
                quick(Self.disks + "q qcow2 file=f backing=b\ne export of=q =rw")
            )
            let before = await workshop.still()
            workshop.standIns.set("c", alignmentBytes: 4096)
            workshop.standIns.fail("check q")
            let wished =
                Self.disks + "q qcow2 file=f backing=c l2-cache-size=1MiB\ne export of=q =rw"
            #expect(await workshop.apply(quick(wished)).code == "E0501")
            #expect(await workshop.still() == before)
            // The other user of c keeps reading to itself.
            let denied = await workshop.apply(
                quick(
                    Self.disks + "q qcow2 file=f backing=c\ne export of=q =rw\n"
                        + "x blkdebug image=c unshare-child-perms=[consistent-read]"
                )
            )
            #expect(denied.code == "E0412")
            #expect(await workshop.still() == before)
            workshop.standIns.fail()
            #expect(await workshop.apply(quick(wished)).isApplied)
        }
    }

    @Test("S55: a backing that conflicts is refused with a status, and the graph is identical")
    func backingConflict() async throws {
        try await Workshop.run { workshop in
            let nodes = "b nbd\nf nbd\nx blkdebug image=b unshare-child-perms=[consistent-read]\n"
            try await workshop.start(quick(nodes + "q qcow2 file=f\ne export of=q =rw"))
            let before = await workshop.still()
            let outcome = await workshop.apply(
                quick(nodes + "q qcow2 file=f backing=b\ne export of=q =rw")
            )
            #expect(outcome.code == "E0412")
            #expect(await workshop.still() == before)
        }
    }

    @Test(
        "S56, A13, S83: an overlay that cannot be linked leaves no node, or leaves its own usable"
    )
    func overlayRefused() async throws {
        try await Workshop.run { workshop in
            let base = "b nbd\nx blkdebug image=b unshare-child-perms=[consistent-read]\n"
            let overlay =
                "f file create={\"size\":65536}\nq qcow2 file=f backing=b\ne export of=q =rw"
            try await workshop.start(quick(base))
            let before = await workshop.still()
            #expect(await workshop.apply(quick(base + overlay)).code == "E0412")
            #expect(await workshop.still() == before)
            // The overlay's file stays usable once it is there without the link.
            try await workshop.start(quick(base + "f file create={\"size\":65536}\nq qcow2 file=f"))
            #expect(await workshop.apply(quick(base + overlay)).code == "E0412")
            try await workshop.start(quick(base))
            #expect(await workshop.snapshot.nodes["q"] == nil)
        }
    }

    @Test("S57: an overlay made for a while vanishes with the plan that fails, its base untouched")
    func temporaryOverlay() async throws {
        try await Workshop.run { workshop in
            workshop.directory.file("b.raw", fill: 5)
            try await workshop.start(quick("b file\ne export of=b"))
            let client = try workshop.client("e")
            workshop.standIns.fail("check q")
            let outcome = await workshop.apply(
                quick(
                    "b file read-only=true\nt file create={\"size\":65536}\n"
                        + "q qcow2 file=t backing=b\ne export of=q"
                )
            )
            #expect(outcome.code == "E0501")
            #expect(workshop.directory.names == ["b.raw", "l.sock"])
            #expect(client.read()?.bytes.first == 5)
        }
    }

    // A file is flushed when it is closed; what was acknowledged by a flush was durable before.
    @Test("S59, S60: a node that cannot be flushed when it leaves is told in the receipt, by name")
    func failingFlush() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("n nbd\nm null-co\ne export of=n =rw"))
            workshop.standIns.fail("close n")
            let receipt = await workshop.apply(quick("m null-co\ne export of=m =rw")).receipt
            #expect(receipt?.warnings == ["n could not be flushed"])
        }
    }

    @Test("S62, R13: three changes, the third bad: all three are as before")
    func thirdIsBad() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("a nbd\nb nbd\nc nbd"))
            let before = await workshop.still()
            workshop.standIns.forgetLog()
            workshop.standIns.fail("prepare c")
            let wished = "a nbd detect-zeroes=on\nb nbd detect-zeroes=on\nc nbd detect-zeroes=on"
            #expect(await workshop.apply(quick(wished)).code == "E0501")
            #expect(await workshop.still() == before)
            #expect(!workshop.standIns.log.contains { $0.hasPrefix("commit") })
            #expect(
                Set(workshop.standIns.log.filter { $0.hasPrefix("abort") }).isSubset(of: [
                    "abort a", "abort b",
                ])
            )
        }
    }

    @Test("S63, R33: switching away from a base loosens it in the same step")
    func oldBackingLoosens() async throws {
        // cbw unshares write, and the overlay passes that down to its base.
        let chain =
            "B nbd\nf nbd\nt nbd\nO qcow2 file=f backing=BACK\n"
            + "c copy-before-write file=O target=t\ne export of=c =rw\n"
        try await Workshop.run { workshop in
            let held = chain.replacing("BACK", with: "B")
            let free = chain.replacing("BACK", with: "null")
            try await workshop.start(quick(held))
            let before = await workshop.still()
            let second = "x export of=B =rw"
            #expect(await workshop.apply(quick(held + second)).code == "E0412")
            #expect(await workshop.still() == before)
            #expect(await workshop.apply(quick(free + second)).isApplied)
            let apart = await workshop.still()
            #expect(await workshop.apply(quick(held + second)).code == "E0412")
            #expect(await workshop.still() == apart)
        }
    }

    @Test("S64, R32: a file's descriptor and locks follow its users: read, write, read")
    func descriptorFollows() async throws {
        try await Workshop.run { workshop in
            let path = workshop.directory.file("f.raw")
            let node = "f file auto-read-only=true\n"
            for (export, access, bytes) in [
                ("", "ro", []), ("e export of=f", "ro", [100, 203]),
                ("e export of=f =rw", "rw", [100, 101, 203]), ("e export of=f", "ro", [100, 203]),
                ("", "ro", []),
            ] as [(String, String, [Int64])] {
                try await workshop.start(quick(node + export))
                #expect(Holds.lockedBytes(path) == bytes, "\(export)")
                // The lock's own descriptor may be of either kind; the last one opened tells.
                let found = Holds.descriptors(below: workshop.directory.path)
                #expect(found.contains("f.raw \(access)"), "\(export) \(found)")
                if export.contains("=rw") {
                    #expect(try workshop.client("e").write(0, [1])?.errorNumber == 0)
                }
            }
        }
    }

    @Test("S65, R31: drivers are told to commit children first")
    func childrenFirst() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(
                quick("n nbd\nf compress file=n read-only=true\nq qcow2 file=f read-only=true")
            )
            workshop.standIns.forgetLog()
            try await workshop.start(quick("n nbd\nf compress file=n\nq qcow2 file=f"))
            #expect(
                workshop.standIns.log.filter { $0.hasPrefix("commit") } == [
                    "commit n", "commit f", "commit q",
                ]
            )
        }
    }

    @Test("S66: all drivers commit before any view on a loop takes up what changed")
    func commitThenViews() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("f nbd\nq qcow2 file=f\ne export of=q"))
            workshop.standIns.forgetLog()
            try await workshop.start(
                quick("f nbd detect-zeroes=on\nq qcow2 file=f detect-zeroes=on\ne export of=q")
            )
            let log = workshop.standIns.log
            let commits = log.indices.filter { log[$0].hasPrefix("commit") }
            let views = log.indices.filter { log[$0].hasPrefix("options") }
            #expect(commits.count == 2 && views.count == 2)
            #expect((commits.max() ?? .max) < (views.min() ?? 0))
        }
    }

    // There are no implicit filters: what stands between two nodes stands in the document.
    @Test("S69: a backing is switched below a filter without the filter being lost")
    func throughFilter() async throws {
        try await Workshop.run { workshop in
            let chain =
                Self.disks + "r compress file=BACK read-only=true\n"
                + "q qcow2 file=f backing=r\ne export of=q =rw"
            try await workshop.start(quick(chain.replacing("BACK", with: "b")))
            try await workshop.start(quick(chain.replacing("BACK", with: "c")))
            #expect(await workshop.masks["node/r file c"] == "R/RWUS")
            #expect(await workshop.snapshot.nodes["r"]?.threads == ["default"])
        }
    }

    @Test("S71, R8, R9: cycles are refused at any distance, on the final graph")
    func cycles() {
        for text in [
            "f file\nh1 qcow2 file=f backing=h1",
            "f file\ng file\nh0 qcow2 file=f backing=h1\nh1 qcow2 file=g backing=h0",
            "f file\ng file\nh file\nh0 qcow2 file=f backing=h2\nh1 qcow2 file=g backing=h0\n"
                + "h2 qcow2 file=h backing=h1",
        ] {
            #expect(Judgement(text).codes == ["E0305"])
        }
    }

    @Test("S72, I6: who joins two threads brings the free side along, and nobody is left behind")
    func joining() async throws {
        try await Workshop.run { workshop in
            let free =
                "a null-co read-only=true\nf nbd\nq qcow2 file=f BACK\ne export of=q =rw iothread=io0"
            try await workshop.start(quick(free.replacing("BACK", with: "")))
            #expect(await workshop.snapshot.nodes["a"]?.threads == [])
            try await workshop.start(quick(free.replacing("BACK", with: "backing=a")))
            #expect(await workshop.snapshot.nodes["a"]?.threads == ["io0"])
            try await workshop.start(quick(free.replacing("BACK", with: "")))
            #expect(await workshop.snapshot.nodes["a"]?.threads == [])
        }
    }
}
