import GraphModel
import Reconciliation
import Testing

/// Three nodes whose latency is written in milliseconds; 0 leaves one out.
private func graph(_ latencies: [Int], _ more: String = "") throws -> GraphDescription {
    let nodes = latencies.enumerated().filter { $0.element > 0 }
        .map { "  n\($0.offset): {driver: null-co, latency: \($0.element)ms}\n" }.joined()
    let read = read(
        "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:s\"}}\nnodes:\n"
            + "  x: {driver: null-co}\n\(nodes)\(more)"
    )
    try #require(read.verdict == .valid, "\(read.diagnostics)")
    return read.description
}

private func saved(_ live: GraphDescription, _ desired: GraphDescription) throws -> SavedPlan {
    let plan = Plan(live: live, desired: desired)
    return try SavedPlan(encoded: SavedPlan(plan, json: plan.json).encoded)
}

/// Why some work was refused; `nil` when it was not.
private func refusal(_ work: () throws -> Void) -> SavedPlanError? {
    do {
        try work()
        return nil
    } catch {
        return error as? SavedPlanError
    }
}

@Suite("Saved plans")
struct SavedPlanTests {
    @Test("P17: an unrelated change in between stays, and the plan does what it said")
    func unrelated() throws {
        let plan = try saved(try graph([1, 1, 1]), try graph([1, 5, 1]))
        let target = try plan.target(from: try graph([9, 1, 1]))
        let wished = try graph([9, 5, 1])
        #expect(target.digest == wished.digest)
    }

    @Test("what the plan depends on has moved: it is stale, and says what moved")
    func stale() throws {
        let plan = try saved(try graph([1, 1, 1]), try graph([1, 5, 0]))
        #expect(
            refusal { _ = try plan.target(from: try graph([1, 2, 1])) }
                == .stale(moved: ["node/n1"])
        )
        // Somebody took the node that it removes already.
        #expect(
            refusal { _ = try plan.target(from: try graph([1, 1, 0])) }
                == .stale(moved: ["node/n2"])
        )
    }

    @Test("a node that came to be used is not removed by an older plan")
    func user() throws {
        let plan = try saved(try graph([1, 1, 1]), try graph([1, 1, 0]))
        let live = try graph([1, 1, 1], "exports: {e: {type: nbd, node: n2}}\n")
        #expect(refusal { _ = try plan.target(from: live) } == .stale(moved: ["export/e"]))
    }

    @Test("a name that was free and is taken is a reason not to add it")
    func taken() throws {
        let plan = try saved(try graph([1, 0, 0]), try graph([1, 7, 0]))
        #expect(plan.footprint.versions["node/n1"] == Footprint.absent)
        #expect(
            refusal { _ = try plan.target(from: try graph([1, 3, 0])) }
                == .stale(moved: ["node/n1"])
        )
    }

    @Test("P20: a plan file that was altered by any one byte is refused")
    func altered() throws {
        let plan = Plan(live: try graph([1, 1, 1]), desired: try graph([1, 5, 1]))
        let bytes = SavedPlan(plan, json: plan.json).encoded
        for place in stride(from: 0, to: bytes.count, by: 7) {
            var other = bytes
            other[place] ^= 1
            #expect(refusal { _ = try SavedPlan(encoded: other) } != nil, "byte \(place)")
        }
        #expect(refusal { _ = try SavedPlan(encoded: Array(bytes.dropLast())) } != nil)
        #expect(refusal { _ = try SavedPlan(encoded: Array(plan.json.prettyText.utf8)) } != nil)
        #expect(SavedPlan.looksSaved(bytes))
        #expect(!SavedPlan.looksSaved(Array("{sluice: 1}".utf8)))
    }

    @Test("versions are what objects are, so that what came back as it was has not moved")
    func versions() throws {
        let one = Footprint.version(of: "node/n0", in: try graph([1, 1, 1]))
        let (same, other) = (try graph([1, 0, 9]), try graph([2, 1, 1]))
        #expect(one == Footprint.version(of: "node/n0", in: same))
        #expect(one != Footprint.version(of: "node/n0", in: other))
        #expect(one > 0 && one < 1 << 53)
        #expect(Footprint.version(of: "node/none", in: same) == 0)
    }
}
