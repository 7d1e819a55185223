import BlockGraph
import GraphModel
import Reconciliation
import Testing

@Suite("Capabilities: filters, replacing, dropping")
struct FilterRows {
    @Test(
        "S74, S80: a filter that cannot be dropped keeps its slot; one that is dropped leaves no edge"
    )
    func dropFilter() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(
                quick("n nbd\nt throttle file=n\nq qcow2 file=t\ne export of=q")
            )
            let before = await workshop.still()
            workshop.standIns.fail("check q")
            let wished = "n nbd\nq qcow2 file=n l2-cache-size=1MiB\ne export of=q"
            #expect(await workshop.apply(quick(wished)).code == "E0501")
            #expect(await workshop.still() == before)
            workshop.standIns.fail()
            try await workshop.start(quick(wished))
            #expect(await workshop.masks.keys.sorted() == ["export/e root q", "node/q file n"])
        }
    }

    @Test("S76, G2: a filter that reaches the node twice goes in without a loop")
    func appendReachesTwice() async throws {
        try await Workshop.run { workshop in
            let below = "n nbd\nf nbd\ntarget qcow2 file=f backing=n\n"
            try await workshop.start(quick(below + "e export of=n"))
            try await workshop.start(
                quick(below + "filter copy-before-write file=n target=target\ne export of=filter")
            )
            let edges = await workshop.masks.keys.sorted()
            #expect(edges.contains("node/filter file n"))
            #expect(edges.contains("node/filter target target"))
            #expect(edges.contains("node/target backing n"))
            #expect(try workshop.client("e").read()?.errorNumber == 0)
        }
    }

    @Test("S77: a link that would close a loop is refused, with the way round")
    func loop() {
        let judgement = Judgement("f file\nq qcow2 file=f backing=t\nt throttle file=q")
        #expect(judgement.codes == ["E0305"])
        #expect(judgement.words.contains("q -> t -> q"))
    }

    @Test("S78, G8: five users of a node, the third of which must stay: none is changed")
    func fiveParents() async throws {
        try await Workshop.run { workshop in
            let users = (1...5).map { index in
                "p\(index) raw file=NODE\(index == 3 ? " protect=true" : "")\n"
            }
            try await workshop.start(
                quick("x nbd\ny nbd\n" + users.joined().replacing("NODE", with: "x"))
            )
            let before = await workshop.still()
            let without = users.enumerated().filter { $0.offset != 2 }.map(\.element).joined()
            let outcome = await workshop.apply(
                quick("y nbd\n" + without.replacing("NODE", with: "y"))
            )
            #expect(outcome.code == "E0601")
            #expect(outcome.reason?.contains("node/p3") == true)
            #expect(await workshop.still() == before)
        }
    }

    @Test("S79, G3: the one who leaves does not stand against the one who comes")
    func exclusiveWriter() async throws {
        let top = "top blkdebug image=FILTER take-child-perms=[write] unshare-child-perms=[write]\n"
        try await Workshop.run { workshop in
            let below = "base nbd\nfl1 throttle file=base\nfl2 throttle file=base\n"
            try await workshop.start(quick(below + top.replacing("FILTER", with: "fl1")))
            try await workshop.start(quick(below + top.replacing("FILTER", with: "fl2")))
            #expect(await workshop.masks["node/fl1 file base"] == "-/RWUS")
            #expect(await workshop.masks["node/fl2 file base"] == "W/RUS")
        }
    }

    @Test("S81, A5: a filter goes in and out under requests that are in flight, and none is lost")
    func filterUnderRequests() async throws {
        try await Workshop.run { workshop in
            try await workshop.start(quick("n nbd\ne export of=n"))
            let client = try workshop.client("e")
            workshop.standIns.hold("n")
            client.sendRead()
            try await eventually { workshop.standIns.log.contains("hold n") }
            workshop.standIns.hold()
            let went = await workshop.apply(quick("n nbd\nt throttle file=n\ne export of=t"))
            #expect(went.receipt?.exports.first?.held == 0)
            client.sendRead()
            #expect(client.answer(payload: 512)?.errorNumber == 0)
            await workshop.standIns.letGo()
            #expect(client.answer(payload: 512)?.errorNumber == 0)
            try await workshop.start(quick("n nbd\ne export of=n"))
            #expect(client.read()?.errorNumber == 0)
        }
    }

    @Test("G5: a greedy filter goes over the node of a greedy user, which beside it it could not")
    func greedy() {
        let claim = "take-child-perms=[write] unshare-child-perms=[write]"
        #expect(
            Judgement("base file\nfl blkdebug image=base \(claim)\ntop blkdebug image=fl \(claim)")
                .isLegal
        )
        #expect(
            Judgement(
                "base file\nfl blkdebug image=base \(claim)\ntop blkdebug image=base \(claim)"
            ).codes == ["E0412", "E0412"]
        )
    }

    // The whole graph is stated, so that an overlay's other backing is changed in the same plan.
    @Test("S84, A2: an overlay that had another backing, and another user, can be put over a node")
    func usedOverlay() async throws {
        try await Workshop.run { workshop in
            let disks = "a nbd read-only=true\nb nbd read-only=true\nf nbd\n"
            try await workshop.start(
                quick(disks + "o qcow2 file=f backing=a\nx export of=o =rw\ne export of=b")
            )
            try await workshop.start(
                quick(disks + "o qcow2 file=f backing=b\nx export of=o =rw\ne export of=o =rw")
            )
            #expect(await workshop.masks["node/o backing b"] == "R/RWUS")
            #expect(await workshop.masks["node/a backing b"] == nil)
            for name in ["e", "x"] {
                #expect(try workshop.client(name).read()?.errorNumber == 0)
            }
        }
    }

    @Test("S85: what was at the top has the limits of before when putting something over it fails")
    func limitsOfTheTop() async throws {
        try await Workshop.run { workshop in
            let covered = "n nbd\nc compress file=n\ne export of=c"
            try await workshop.start(quick("n nbd\ne export of=n"))
            let client = try workshop.client("e")
            let limits = await workshop.snapshot.nodes["n"]?.limits
            // Asked anew the top would say something else; a plan that fails must not show.
            workshop.standIns.set("n", alignmentBytes: 4096)
            var step = 1
            while true {
                workshop.faults.arm(step)
                guard !(await workshop.apply(quick(covered)).isApplied) else { break }
                #expect(await workshop.snapshot.nodes["n"]?.limits == limits, "step \(step)")
                #expect(client.read(512, 512)?.errorNumber == 0, "step \(step)")
                #expect(try workshop.client("e").read(512, 512)?.errorNumber == 0)
                step += 1
            }
            #expect(step > 8)
            #expect(await workshop.snapshot.nodes["n"]?.limits.alignmentBytes == 4096)
            #expect(await workshop.snapshot.nodes["c"]?.limits.alignmentBytes == 4096)
        }
    }

    @Test("S86, S87, D12: dropping what is in between is one step, before or after, never half way")
    func dropIntermediate() async throws {
        try await Workshop.run { workshop in
            let ends = "b nbd read-only=true\nfm nbd\nft nbd\n"
            let whole =
                ends + "m qcow2 file=fm backing=b read-only=true\n"
                + "t qcow2 file=ft backing=m\ne export of=t =rw"
            let short = ends + "t qcow2 file=ft backing=b\ne export of=t =rw"
            try await workshop.start(quick(whole))
            let client = try workshop.client("e")
            let before = await workshop.still()
            workshop.faults.arm(9)
            #expect(!(await workshop.apply(quick(short))).isApplied)
            #expect(await workshop.still() == before)
            workshop.faults.arm(nil)
            // A request on a side branch is in flight all the while; it is answered before.
            workshop.standIns.hold("ft")
            client.sendRead()
            try await eventually { workshop.standIns.log.contains("hold ft") }
            let held = await workshop.apply(quick(short), timeoutMilliseconds: 20)
            #expect(held.code == "E0801")
            #expect(await workshop.still() == before)
            await workshop.standIns.letGo()
            #expect(client.answer(payload: 512)?.errorNumber == 0)
            try await workshop.start(quick(short))
            #expect(await workshop.snapshot.nodes["m"] == nil)
            #expect(client.read()?.errorNumber == 0)
        }
    }
}
