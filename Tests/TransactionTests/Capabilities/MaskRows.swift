import BlockGraph
import GraphModel
import Reconciliation
import Testing

@Suite("Capabilities: permissions")
struct MaskRows {
    /// A filter that uses and unshares what it is told, whoever is above it.
    private func claimant(_ name: String, over node: String, uses: [String], unshares: [String])
        -> String
    {
        "\(name) blkdebug image=\(node) take-child-perms=[\(uses.joined(separator: ","))] "
            + "unshare-child-perms=[\(unshares.joined(separator: ","))]"
    }

    @Test("S13, C1: a conflict names both users, the rights, the edge's masks and the node")
    func conflictText() {
        let judgement = Judgement("f file\nq qcow2 file=f\ne export of=f =rw")
        #expect(judgement.codes == ["E0412", "E0412"])
        for word in ["export e", "may not write to node f", "node q", "consistent-read", "resize"] {
            #expect(judgement.words.contains(word), "\(word) in \(judgement.words)")
        }
    }

    @Test(
        "S14: one user allows another iff what that one uses is shared, for all 256 pairs of masks"
    )
    func matrix() {
        let rights = ["consistent-read", "write", "write-unchanged", "resize"]
        for used in 0..<16 {
            for unshared in 0..<16 {
                let uses = rights.indices.filter { used & 1 << $0 != 0 }.map { rights[$0] }
                let denies = rights.indices.filter { unshared & 1 << $0 != 0 }.map { rights[$0] }
                let judgement = Judgement(
                    "f file\n" + claimant("a", over: "f", uses: uses, unshares: []) + "\n"
                        + claimant("b", over: "f", uses: [], unshares: denies)
                )
                #expect(judgement.graph.conflicts.isEmpty == (used & unshared == 0))
            }
        }
    }

    @Test(
        "S15: both directions of a pair are looked at, whichever comes first",
        arguments: ["a", "z"]
    )
    func bothDirections(name: String) {
        let judgement = Judgement(
            "f file\n" + claimant(name, over: "f", uses: ["write"], unshares: []) + "\n"
                + claimant("m", over: "f", uses: [], unshares: ["write"])
        )
        #expect(judgement.graph.conflicts.map(\.wants.parent) == ["node/\(name)"])
        #expect(judgement.graph.conflicts.map(\.denies.parent) == ["node/m"])
    }

    @Test("S16: who uses what it shares with nobody is in nobody's way when alone")
    func alone() {
        #expect(
            Judgement(
                "f file\n"
                    + claimant("a", over: "f", uses: ["write"], unshares: ["write", "resize"])
            ).isLegal
        )
    }

    // No user is without a name here: exports and nodes are told by kind and name.
    @Test("S17: whoever takes part in a conflict can be told apart by kind and name")
    func everyoneHasAName() {
        let judgement = Judgement("f file\nq qcow2 file=f\nf2 export of=f =rw")
        for conflict in judgement.graph.conflicts {
            #expect(["node/q", "export/f2"].contains(conflict.wants.parent))
            #expect(["node/q", "export/f2"].contains(conflict.denies.parent))
        }
        #expect(judgement.words.contains("export f2"))
    }

    @Test("S18, G6: nodes come after everything below them, each once, in diamonds too")
    func order() {
        let graph = Judgement("c null-co\nb raw file=c\na blkverify raw=b test=c\ne export of=a")
            .graph
        #expect(graph.order == ["c", "b", "a"])
        let diamond = Judgement(
            "d file\nl raw file=d\nr raw file=d\nt blkverify raw=l test=r\ne export of=t"
        ).graph
        #expect(diamond.order.first == "d" && diamond.order.last == "t")
        #expect(Set(diamond.order).count == 4 && diamond.order.count == 4)
    }

    // A node without a driver does not exist here; one that nobody knows is the nearest thing.
    @Test("S23: a node that cannot take part does not block a change elsewhere")
    func silentNode() {
        var description = Judgement("f file\ne export of=f =rw").configuration.description
        description.nodes["gone"] = NodeDescription(name: "gone", driver: "ejected")
        #expect(ResolvedGraph(resolving: description).isLegal)
    }

    @Test("S26, C4, C5, C6: nobody writes to a node that is read-only, and the wish is told whole")
    func readOnly() {
        let direct = Judgement("f file read-only=true\ne export of=f =rw")
        #expect(direct.codes == ["E0413"])
        #expect(Judgement("f file read-only=true\nr raw file=f").isLegal)
        let below = Judgement("f file read-only=true\nr raw file=f\ne export of=r =rw")
        #expect(below.codes == ["E0413"])
        #expect(below.words.contains("node f"))
        #expect(Judgement("f file read-only=true\nq qcow2 file=f").codes == ["E0413"])
        #expect(Judgement("f file read-only=true\nq qcow2 file=f read-only=true").isLegal)
    }

    @Test("S27, R20: what has a writer cannot become read-only, node, child or both")
    func readOnlyUnderWriter() async throws {
        try await Workshop.run { workshop in
            workshop.directory.file("hd0.raw")
            try await workshop.start(quick("hd0 file\nw raw file=hd0\ne export of=w =rw"))
            let before = await workshop.still()
            for (node, text) in [
                ("w", "hd0 file\nw raw file=hd0 read-only=true\ne export of=w =rw"),
                ("hd0", "hd0 file read-only=true\nw raw file=hd0\ne export of=w =rw"),
                ("w", "hd0 file read-only=true\nw raw file=hd0 read-only=true\ne export of=w =rw"),
            ] {
                let outcome = await workshop.apply(quick(text))
                #expect(outcome.code == "E0413")
                #expect(outcome.reason?.contains("node \(node)") == true, "\(outcome)")
                #expect(await workshop.still() == before)
            }
        }
    }

    @Test("S28, C10: writing without resizing needs a size of whole sectors; reading does not")
    func alignment() async throws {
        let nodes = "f file\nb blkdebug image=f align=4096\n"
        try await Workshop.run { workshop in
            workshop.directory.file("f.raw", sizeBytes: 65_000)
            let outcome = await workshop.apply(quick(nodes + "e export of=b =rw"))
            #expect(outcome.code == "E0505" || outcome.code == "E0414", "\(outcome)")
            #expect(outcome.reason?.contains("65000") == true)
            #expect(outcome.reason?.contains("4096") == true)
            try await workshop.start(quick(nodes + "e export of=b"))
        }
        #expect(
            Judgement("n null-co size=65000\nb blkdebug image=n align=4096\ne export of=b =rw")
                .codes == ["E0414"]
        )
    }

    @Test("S29, S33, G9: a writer that comes and goes tightens and loosens all 64 edges below it")
    func masksFollow() {
        var text = "n0 file\n"
        for index in 1...64 { text += "n\(index) raw file=n\(index - 1)\n" }
        let idle = Judgement(text).masks
        #expect(idle.count == 64 && idle.values.allSatisfy { $0 == "-/RWUS" })
        let written = Judgement(text + "e export of=n64 =rw").masks
        #expect(written.count == 65 && written.values.allSatisfy { $0 == "RW/RWU" })
    }

    @Test("S30: with two conflicts both are told, and nothing of the change is applied")
    func twoConflicts() async throws {
        try await Workshop.run { workshop in
            for name in ["f", "g"] { workshop.directory.file(name + ".raw") }
            try await workshop.start(quick("f file\nq qcow2 file=f\ng file\np qcow2 file=g"))
            let before = await workshop.still()
            let outcome = await workshop.apply(
                quick(
                    "f file\nq qcow2 file=f\ng file\np qcow2 file=g\n"
                        + "e export of=f =rw\nh export of=g =rw"
                )
            )
            #expect(outcome.code == "E0412")
            #expect(outcome.reason?.contains("node f") == true)
            #expect(outcome.reason?.contains("node g") == true)
            #expect(await workshop.still() == before)
        }
    }

    @Test("S31: flags of parent and child that change together are judged together")
    func futureFlags() {
        #expect(Judgement("f file read-only=true\nq qcow2 file=f").codes == ["E0413"])
        #expect(Judgement("f file\nq qcow2 file=f").isLegal)
        #expect(Judgement("f file read-only=true\nq qcow2 file=f read-only=true").isLegal)
    }

    @Test("S32: users add up what they use, and share what all of them share")
    func cumulative() {
        let users = [
            "a blkdebug image=f take-child-perms=[consistent-read]",
            "b blkdebug image=f take-child-perms=[write-unchanged] unshare-child-perms=[resize]",
            "c blkdebug image=f unshare-child-perms=[write]",
        ]
        let expected = ["-/RWUS", "R/RWUS", "RU/RWU", "RU/RU"]
        for count in 0...3 {
            let graph = Judgement("f file\n" + users.prefix(count).joined(separator: "\n")).graph
            #expect(graph.cumulative(of: "f").description == expected[count])
        }
    }

    @Test("S43, P10: a child more changes what its siblings are asked for")
    func sibling() {
        let alone = Judgement("m file\nq qcow2 file=m\ne export of=q =rw").masks
        #expect(alone["q file m"] == "RWS/RU")
        let split = Judgement("m file\nd file\nq qcow2 file=m data-file=d\ne export of=q =rw").masks
        #expect(split["q file m"] == "RWS/RU")
        #expect(split["q data-file d"] == "RWS/RWU")
        let idle = Judgement("m file\nd file\nq qcow2 file=m data-file=d").masks
        #expect(idle["q data-file d"] == "-/RWU")
    }

    @Test("S52: an edge's masks follow from what the child is to its parent")
    func roles() {
        let masks = Judgement(
            "b file read-only=true\nf file\nq qcow2 file=f backing=b\nt throttle file=q\n"
                + "e export of=t =rw"
        ).masks
        #expect(masks["q backing b"] == "R/RWUS")
        #expect(masks["q file f"] == "RWS/RU")
        #expect(masks["t file q"] == "RW/RWU")
    }
}
