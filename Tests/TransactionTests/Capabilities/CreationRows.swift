import BlockGraph
import GraphModel
import Reconciliation
import Testing

@Suite("Capabilities: creating, naming, opening")
struct CreationRows {
    @Test("S02: a driver that cannot create says so in the document, and nothing is made")
    func cannotCreate() async throws {
        try await Workshop.run { workshop in
            let outcome = await workshop.apply(quick("n null-co create=true"))
            #expect(outcome.code == "E0201")
            #expect(outcome.reason?.contains("create") == true)
            #expect(workshop.directory.names == [])
        }
    }

    @Test("S03: what a format is created with never reaches the protocol below it")
    func creationOptions() throws {
        let text =
            "nodes: {f: {driver: file, filename: a, create: {size: 4KiB}}, q: {driver: qcow2, "
            + "file: f, backing: null, create: {size: 1MiB, cluster-size: 128KiB, "
            + "preallocation: metadata}}}\n"
        let judgement = Judgement(document: text)
        #expect(judgement.isLegal)
        let nodes = judgement.configuration.description.nodes
        let file = try #require(nodes["f"]?.options.mapping("create"))
        #expect(file["cluster-size"] == nil)
        #expect(file.text("preallocation") != "metadata")
        #expect(file.integer("size") == 4096)
        #expect(nodes["q"]?.options.mapping("create")?.integer("cluster-size") == 128 << 10)
    }

    @Test("S04: an option of creation that nobody knows is refused, and no file is left")
    func unknownCreationOption() async throws {
        try await Workshop.run { workshop in
            let outcome = await workshop.apply(quick("f file create={\"size\":4096,\"colour\":1}"))
            #expect(outcome.code == "E0201")
            #expect(workshop.directory.names == [])
        }
    }

    @Test("S05: an unknown driver fails before anything else")
    func unknownDriver() async throws {
        try await Workshop.run { workshop in
            let outcome = await workshop.apply(
                quick("n nosuch file=missing create=true\nf file create=true")
            )
            #expect(outcome.code == "E0203")
            #expect(workshop.directory.names == [])
        }
    }

    @Test("S06: a file whose making fails midway is gone, with one error")
    func creationFailsMidway() async throws {
        try await Workshop.run { workshop in
            let outcome = await workshop.apply(
                quick("f file create={\"size\":9000000000000000000}")
            )
            #expect(outcome.code == "E0501" || outcome.code == "E0507", "\(outcome)")
            #expect(outcome.reason?.contains("f.raw") == true)
            #expect(workshop.directory.names == [])
        }
    }

    @Test("S07: a creation that fails before there is a file has nothing to remove")
    func creationFailsAtOnce() async throws {
        try await Workshop.run { workshop in
            let outcome = await workshop.apply(
                quick("f file filename=no-such-directory/f.raw create=true")
            )
            #expect(outcome.code == "E0501")
            #expect(outcome.reason?.contains("directory does not exist") == true)
            #expect(workshop.directory.names == [])
        }
    }

    // Letters of any script are letters here; QEMU takes those of ASCII only.
    @Test(
        "S09, N1: a malformed name is refused, with the name",
        arguments: ["", "a b", "1x", "-x", "#x"]
    )
    func malformedName(name: String) {
        let judgement = Judgement(document: "nodes: {\"\(name)\": {driver: null-co}}\n")
        #expect(judgement.codes == ["E0207"])
        #expect(judgement.words.contains("\"\(name)\""))
    }

    @Test("N2: the longest name is taken, one byte more is not")
    func longNames() {
        let longest = String(repeating: "n", count: ObjectName.lengthBytesMax)
        #expect(Judgement("\(longest) null-co").isLegal)
        #expect(Judgement("\(longest)n null-co").codes == ["E0207"])
    }

    @Test("S10, N3: a name that is taken is refused, and the first one lives on")
    func duplicateName() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("n null-co\ne export of=n"))
            let outcome = await workshop.apply(
                "nodes: {n: {driver: null-co}, n: {driver: null-co, size: 1MiB}}\n"
            )
            #expect(outcome.code == "E0103")
            #expect(outcome.reason?.contains("\"n\" appears twice") == true)
            #expect(try workshop.client("e").read()?.errorNumber == 0)
        }
    }

    @Test("S11: names that are made up cannot meet names that are written")
    func inlineNames() {
        let inline = "nodes: {w: {driver: raw, file: {driver: null-co}}"
        #expect(Judgement(document: inline + "}\n").graph.order == ["w.file", "w"])
        let judgement = Judgement(document: inline + ", w.file: {driver: null-co}}\n")
        #expect(judgement.codes == ["E0301"])
        #expect(judgement.words.contains("w.file"))
    }

    @Test("S12, N11: limits are worked out when a node opens; impossible ones fail the open")
    func impossibleLimits() async throws {
        try await Workshop.run { workshop in
            workshop.directory.file("f.raw", sizeBytes: 64 << 10)
            let before = await workshop.still()
            let outcome = await workshop.apply(
                quick("f file\nr raw file=f size=1MiB\ne export of=r")
            )
            #expect(outcome.code == "E0505" || outcome.code == "E0501", "\(outcome)")
            #expect(await workshop.still() == before)
            try await workshop.start(quick("f file\nr raw file=f size=4KiB\ne export of=r"))
            #expect(await workshop.snapshot.nodes["r"]?.limits.sizeBytes == 4096)
        }
    }

    @Test("S88, N5: a reference to nothing names who refers and to what; nothing is left of either")
    func missingReference() async throws {
        try await Workshop.run { workshop in
            let before = await workshop.still()
            let outcome = await workshop.apply(
                "nodes: {q: {driver: qcow2, file: {driver: file, filename: a, create: true}, "
                    + "backing: missing}}\n"
            )
            #expect(outcome.code == "E0302")
            #expect(outcome.reason?.contains("node q") == true)
            #expect(outcome.reason?.contains("\"missing\"") == true)
            #expect(await workshop.still() == before)
        }
    }

    @Test("S89, N6: who points an export at a node that is not there is told the node's name")
    func missingTarget() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("n null-co\ne export of=n"))
            let before = await workshop.still()
            let outcome = await workshop.apply(quick("n null-co\ne export of=nn"))
            #expect(outcome.code == "E0302")
            #expect(outcome.reason?.contains("\"nn\"") == true)
            #expect(await workshop.still() == before)
        }
    }

    @Test("N7: an inline child goes with its parent and not without it")
    func inlineChild() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(
                "nodes: {w: {driver: raw, file: {driver: null-co}}, n: {driver: null-co}}\n"
            )
            #expect(await workshop.snapshot.nodes.keys.sorted() == ["n", "w", "w.file"])
            try await workshop.start("nodes: {w: {driver: raw, file: n}, n: {driver: null-co}}\n")
            #expect(await workshop.snapshot.nodes.keys.sorted() == ["n", "w"])
        }
    }

    @Test("N8, N9: a node that is exported or referred to cannot leave alone; users are named")
    func removalInUse() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("n null-co\nb null-co\nw raw file=b\ne export of=n"))
            let before = await workshop.still()
            let exported = await workshop.apply(quick("b null-co\nw raw file=b\ne export of=n"))
            #expect(exported.code == "E0302")
            #expect(exported.reason?.contains("export e") == true)
            let child = await workshop.apply(quick("n null-co\nw raw file=b\ne export of=n"))
            #expect(child.code == "E0302")
            #expect(child.reason?.contains("node w") == true)
            #expect(await workshop.still() == before)
        }
    }

    @Test("N12, I2: wrong exports have five different faults, and none is added")
    func wrongExports() {
        let faults = [
            "n null-co\ne export of=nobody", "n null-co\ne/x export of=n",
            "n null-co\ne export of=n\nf export of=n name=e", "n null-co\ne export of=n listener=x",
            "n null-co\ne export of=n iothread=zz",
        ].map { Judgement($0) }
        #expect(faults.allSatisfy { !$0.isLegal })
        #expect(Set(faults.map(\.words)).count == 5)
        let twice = Judgement(
            document: "nodes: {n: {driver: null-co}}\nexports: {e: {type: nbd, node: n}, "
                + "e: {type: nbd, node: n}}\n"
        )
        #expect(twice.codes == ["E0103"])
    }
}
