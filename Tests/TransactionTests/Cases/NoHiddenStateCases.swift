import BlockGraph
import Foundation
import Testing

/// What QEMU keeps beside its graph: filters that nobody named, and nodes that are switched off.
///
/// Here everything stands in the documents, and a node that nobody may write is a read-only one.
@Suite("Cases: nothing is hidden")
struct NoHiddenStateCases {
    private static let chain =
        "b nbd read-only=true\nm nbd read-only=true\ng nbd\ncf compress file=m\n"
        + "top qcow2 file=g backing=LINK\ne export of=top =rw\nv export of=cf"

    @Test("J5: a link goes round a filter as around any node, and the same link again is no change")
    func roundTheFilter() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick(Self.chain.replacing("LINK", with: "cf")))
            let (client, reader) = try (workshop.client("e"), workshop.client("v"))
            for link in ["b", "cf", "m", "null", "cf"] {
                let text = quick(Self.chain.replacing("LINK", with: link))
                try await workshop.start(text)
                let generation = await workshop.snapshot.generation
                #expect(await workshop.apply(text).isApplied)
                #expect(await workshop.snapshot.generation == generation, "\(link)")
                let links = await workshop.masks.keys.filter { $0.hasPrefix("node/top backing ") }
                #expect(links == (link == "null" ? [] : ["node/top backing \(link)"]))
                // What is not in the documents is not in the graph either.
                let names = await workshop.snapshot.nodes.keys.sorted()
                #expect(names == ["b", "cf", "g", "m", "top"], "\(link)")
                #expect(client.write(0, [1])?.errorNumber == 0, "\(link)")
                #expect(reader.read()?.errorNumber == 0, "\(link)")
            }
        }
    }

    @Test("J6: a link leaves a filter that others hold, which goes on; taking it away is refused")
    func heldFilter() async throws {
        try await Workshop.run { workshop in
            let held = Self.chain.replacing("LINK", with: "cf")
            try await workshop.start(quick(held))
            let reader = try workshop.client("v")
            workshop.standIns.hold("m")
            reader.sendRead()
            try await eventually { workshop.standIns.log.contains("hold m") }
            let before = await workshop.still()
            let missing = held.replacing("cf compress file=m\n", with: "")
            #expect(await workshop.apply(quick(missing)).code == "E0302")
            #expect(await workshop.still() == before)
            // QEMU died of this one.
            async let outcome = workshop.apply(
                quick(Self.chain.replacing("LINK", with: "null"))
            )
            try await eventually { workshop.standIns.log.contains("commit top") }
            await workshop.standIns.letGo()
            #expect(reader.answer(payload: 512)?.errorNumber == 0)
            #expect(await outcome.isApplied)
            #expect(reader.read()?.errorNumber == 0)
            #expect(!workshop.standIns.log.contains("close cf"))
        }
    }

    @Test("B5: what nobody may write does not come under one that writes")
    func underAWriter() async throws {
        try await Workshop.run { workshop in
            let live = "n nbd read-only=true\nc compress file=n\no nbd\nw compress file=o\n"
            try await workshop.start(quick(live + "e export of=c\nx export of=w =rw"))
            let client = try workshop.client("x")
            let before = await workshop.still()
            for refused in [
                live + "e export of=c =rw\nx export of=w =rw",
                live.replacing("file=o", with: "file=n") + "e export of=c\nx export of=w =rw",
            ] {
                let outcome = await workshop.apply(quick(refused))
                #expect(outcome.reason?.contains("write") == true, "\(outcome)")
                #expect(await workshop.still() == before)
            }
            #expect(client.write(0, [1])?.errorNumber == 0)
        }
    }

    @Test("B6: a node does not lose the right to write under a parent, or an export, that writes")
    func losingTheRight() async throws {
        try await Workshop.run { workshop in
            let live = "n nbd\nc compress file=n\ne export of=c =rw\no nbd\nx export of=o =rw"
            try await workshop.start(quick(live))
            let clients = try ["e", "x"].map { try workshop.client($0) }
            let before = await workshop.still()
            for name in ["n", "c", "o"] {
                let outcome = await workshop.apply(
                    quick(live.replacing(regex: "(?m)^(\(name) [a-z]+)", with: "$1 read-only=true"))
                )
                #expect(outcome.reason?.contains("read-only") == true, "\(name): \(outcome)")
                #expect(await workshop.still() == before, "\(name)")
                for client in clients { #expect(client.write(0, [1])?.errorNumber == 0) }
            }
            // With the writers it goes, in one step.
            try await workshop.start(
                quick(live.replacing("nbd", with: "nbd read-only=true").replacing(" =rw", with: ""))
            )
            for client in clients { #expect(client.read()?.errorNumber == 0) }
        }
    }

    @Test("B7: a node that nobody may write is read, not written, and no user may resize it")
    func readNotWritten() async throws {
        try await Workshop.run { workshop in
            let live = "n nbd read-only=true\ne export of=n"
            try await workshop.start(quick(live))
            let client = try workshop.client("e")
            let notPermitted: UInt32 = 1
            #expect(client.read()?.errorNumber == 0)
            #expect(client.write(0, [1])?.errorNumber == notPermitted)
            let before = await workshop.still()
            let resized = await workshop.apply(
                quick(live + "\nd blkdebug image=n take-child-perms=[resize]")
            )
            #expect(resized.reason?.contains("resize") == true, "\(resized)")
            #expect(await workshop.still() == before)
            #expect(client.write(0, [1])?.errorNumber == notPermitted)
            #expect(client.read()?.errorNumber == 0)
        }
    }

    // sluice keeps no bitmaps; what it does to those of an image is shown with QEMU's programs.
    @Test("B1, B3: no export speaks of bitmaps, and one that asks for them changes nothing")
    func bitmaps() async throws {
        try await Workshop.run { workshop in
            let live = "f nbd\nq qcow2 file=f\ne export of=q"
            try await workshop.start(quick(live))
            let client = try workshop.client("e")
            let before = await workshop.still()
            for field in ["bitmaps=[b]", "bitmap=b"] {
                let outcome = await workshop.apply(quick(live + " " + field))
                #expect(outcome.code == "E0201")
                #expect(outcome.reason?.contains("bitmap") == true)
            }
            #expect(await workshop.still() == before)
            #expect(client.read()?.errorNumber == 0)
        }
    }
}

extension String {
    /// The text with what matches replaced.
    fileprivate func replacing(regex: String, with template: String) -> String {
        replacingOccurrences(of: regex, with: template, options: .regularExpression)
    }
}
