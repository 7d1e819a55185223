import BlockGraph
import GraphModel
import Reconciliation
import Testing

@Suite("Cases: graphs, masks by driver, conflicts")
struct MaskCases {
    @Test("G1: a node under two edges of one parent that writes and shares no writing is refused")
    func twoEdges() async throws {
        try await Workshop.run { workshop in
            let export = "e export of=TOP =rw share=[consistent-read,write-unchanged,resize]"
            try await workshop.start(quick("n nbd\n" + export.replacing("TOP", with: "n")))
            let before = await workshop.still()
            let outcome = await workshop.apply(
                quick("n nbd\nfl blkverify raw=n test=n\n" + export.replacing("TOP", with: "fl"))
            )
            #expect(outcome.code == "E0412")
            #expect(await workshop.still() == before)
        }
    }

    @Test("G7: another branch cannot be chosen while a third user of the base denies writing")
    func branch() async throws {
        try await Workshop.run { workshop in
            let below =
                "base nbd\nother nbd\nfl1 raw file=other\nfl2 raw file=base\n"
                + "third blkdebug image=base unshare-child-perms=[write]\n"
            try await workshop.start(quick(below + "e export of=fl1 =rw"))
            let before = await workshop.still()
            #expect(await workshop.apply(quick(below + "e export of=fl2 =rw")).code == "E0412")
            #expect(await workshop.still() == before)
        }
    }

    @Test(
        "P1, P2, P3, P4, P5, P8, P9, P11, P15: masks are those that qemu-storage-daemon has",
        arguments: [
            ("f file\ne export of=f", ["export/e root f": "R/RWU"]),
            ("f file\ne export of=f =rw", ["export/e root f": "RW/RWU"]),
            ("f file\nq qcow2 file=f", ["q file f": "RWS/RU"]),
            ("f file\nq qcow2 file=f read-only=true", ["q file f": "R/RU"]),
            ("f file\nw raw file=f", ["w file f": "-/RWUS"]),
            ("f file\nw raw file=f\ne export of=w =rw", ["w file f": "RW/RWU"]),
            (
                "tf file\nbf file\nb qcow2 file=bf read-only=true\nt qcow2 file=tf backing=b\n"
                    + "e export of=t =rw",
                ["t backing b": "R/RWUS", "b file bf": "R/RU", "t file tf": "RWS/RU"]
            ),
            (
                "a file\nb file\nc file\nq quorum vote-threshold=2 children=[a,b,c]\n"
                    + "e export of=q =rw",
                ["q children.0 a": "RW/RU", "q children.1 b": "RW/RU", "q children.2 c": "RW/RU"]
            ),
            (
                "a file\nb file\nv blkverify test=a raw=b\ne export of=v =rw",
                ["v test a": "RWS/RWU", "v raw b": "RW/RWU"]
            ),
            (
                "f file read-only=true force-share=true\nr raw file=f read-only=true force-share=true\n"
                    + "e export of=r",
                ["r file f": "R/RWUS"]
            ),
            ("f file\nt throttle file=f", ["t file f": "-/RWUS"]),
        ] as [(String, [String: String])]
    )
    func masks(graph: String, expected: [String: String]) {
        let found = Judgement(graph).masks
        for (edge, masks) in expected { #expect(found[edge] == masks, "\(edge) in \(graph)") }
    }

    @Test("P7: a copy before each write watches what it copies from, and its view asks for nothing")
    func snapshot() {
        let masks = Judgement(
            "f file\ntg file\ncbw copy-before-write file=f target=tg\n"
                + "sa snapshot-access file=cbw\ne export of=cbw =rw\nv export of=sa"
        ).masks
        #expect(masks["cbw file f"] == "RW/RU")
        #expect(masks["cbw target tg"] == "W/RWU")
        #expect(masks["sa file cbw"] == "-/RWUS")
    }

    // There is no inactive state; a format that may not write is what comes nearest.
    @Test("P13: a format that may not write asks for no right to write or resize")
    func quietFormat() {
        let masks = Judgement("f file\nq qcow2 file=f read-only=true").masks
        #expect(masks["q file f"] == "R/RU")
    }

    @Test("P14: who unshares writing on an overlay unshares it on the backing, too")
    func overlayUnshares() {
        let masks = Judgement(
            "b file read-only=true\nf file\nt qcow2 file=f backing=b\n"
                + "e export of=t =rw share=[consistent-read,write-unchanged]"
        ).masks
        #expect(masks["export/e root t"] == "RW/RU")
        #expect(masks["t backing b"] == "R/RU")
    }

    @Test("C2: a reader of a format's file is refused because it does not share resizing")
    func readerOfFile() {
        let judgement = Judgement("f file\nq qcow2 file=f\ne export of=f")
        #expect(judgement.codes == ["E0412"])
        #expect(judgement.words.contains("node q may not resize node f"))
    }

    @Test("C7, C8: nobody else writes what a copy before each write watches")
    func watched() async throws {
        try await Workshop.run { workshop in
            let nodes = "f nbd\ntg nbd\ncbw copy-before-write file=f target=tg\n"
            try await workshop.start(quick(nodes + "e export of=f =rw"))
            let before = await workshop.still()
            for second in ["x export of=cbw =rw", "w raw file=cbw\nx export of=w =rw"] {
                let outcome = await workshop.apply(quick(nodes + "e export of=f =rw\n" + second))
                #expect(outcome.code == "E0412")
                #expect(outcome.reason?.contains("node f") == true)
                #expect(await workshop.still() == before)
            }
        }
    }

    @Test("C11: what another process does to a file decides who may open it here")
    func otherProcess() async throws {
        try await Workshop.run { workshop in
            let path = workshop.directory.file("f.raw")
            // As a writable qcow2 of qemu: uses R, W and S, shares R and U.
            let locks = try [100, 101, 103, 201, 203].map { try ForeignLock(path, byte: $0) }
            let writer = await workshop.apply(quick("f file\nq qcow2 file=f\ne export of=q =rw"))
            #expect(writer.code == "E0504")
            #expect(writer.reason?.contains("\"write\" lock") == true, "\(writer)")
            let reader = await workshop.apply(quick("f file read-only=true\ne export of=f"))
            #expect(reader.code == "E0504")
            let careless = await workshop.apply(
                quick("f file read-only=true force-share=true\ne export of=f")
            )
            #expect(careless.isApplied)
            for lock in locks { lock.release() }
        }
    }

    @Test("C12: two nodes of one file in one process conflict as two processes would")
    func twoNodesOneFile() async throws {
        try await Workshop.run { workshop in
            workshop.directory.file("f.raw")
            try await workshop.start(quick("f file\nq qcow2 file=f"))
            let before = await workshop.still()
            let outcome = await workshop.apply(
                quick("f file\nq qcow2 file=f\ng file filename=f.raw\np qcow2 file=g")
            )
            #expect(outcome.code == "E0504")
            #expect(outcome.reason?.contains("node/f") == true)
            #expect(await workshop.still() == before)
        }
    }

    @Test("C13, R27: options that need each other are refused apart, and old values kept")
    func optionsTogether() async throws {
        try await Workshop.run { workshop in
            #expect(Judgement("f file force-share=true").codes == ["E0208"])
            try await workshop.start(quick("n null-co"))
            let before = await workshop.still()
            let outcome = await workshop.apply(
                quick("n null-co detect-zeroes=unmap discard=ignore")
            )
            #expect(outcome.code == "E0208")
            #expect(await workshop.still() == before)
        }
    }

    @Test("C14: a file has two readers and a writer")
    func threeExports() async throws {
        try await Workshop.run { workshop in
            workshop.directory.file("f.raw")
            try await workshop.start(
                quick("f file\na export of=f\nb export of=f\nw export of=f =rw")
            )
            #expect(try workshop.client("w").write(0, [9])?.errorNumber == 0)
            #expect(try workshop.client("a").read()?.bytes.first == 9)
        }
    }

    // No command resizes a disk; a larger file in its place is how one grows.
    @Test("C16: a node over a disk that grew has grown, too")
    func growth() async throws {
        try await Workshop.run { workshop in
            workshop.directory.file("f.raw", sizeBytes: 64 << 10)
            workshop.directory.file("g.raw", sizeBytes: 128 << 10)
            try await workshop.start(
                quick("f file\nr raw file=f\nt throttle file=r\ne export of=t")
            )
            try await workshop.start(
                quick("f file filename=g.raw\nr raw file=f\nt throttle file=r\ne export of=t")
            )
            for name in ["f", "r", "t"] {
                #expect(await workshop.snapshot.nodes[name]?.limits.sizeBytes == 128 << 10)
            }
            #expect(try workshop.client("e").sizeBytes == 128 << 10)
        }
    }

    // Jobs are not here; a filter that copies holds what a mirror would hold.
    @Test("C17: the source of a copy is kept from writers of other processes while it lasts")
    func copySource() async throws {
        try await Workshop.run { workshop in
            let path = workshop.directory.file("f.raw")
            let nodes = "f file\nt nbd\nc copy-before-write file=f target=t\n"
            try await workshop.start(quick(nodes + "e export of=c =rw"))
            #expect(Holds.lockedBytes(path) == [100, 101, 201, 203])
            try await workshop.start(quick("f file\ne export of=f =rw"))
            #expect(Holds.lockedBytes(path) == [100, 101, 203])
        }
    }
}
