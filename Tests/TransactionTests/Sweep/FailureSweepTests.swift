import Testing

@Suite("Failure sweep")
struct FailureSweepTests {
    /// Shapes and abort points that continuous integration has to see.
    private static let shapesMin = 200
    private static let abortsMin = 5_000

    /// Plans of one form: how many there were, and how often one was aborted.
    struct Tally: Sendable {
        var shapes = 0
        var aborts = 0
        var refused: [String] = []
    }

    @Test(
        "S01: whichever step of whichever plan fails, everything is as before; then it goes through"
    )
    func sweep() async throws {
        let tallies = try await withThrowingTaskGroup(of: Tally.self) { group in
            for form in GraphForms.all { group.addTask { try await Self.sweep(form) } }
            return try await group.reduce(into: Tally()) { all, one in
                all.shapes += one.shapes
                all.aborts += one.aborts
                all.refused += one.refused
            }
        }
        print("failure sweep: \(tallies.shapes) plan shapes, \(tallies.aborts) abort points")
        #expect(tallies.refused == [])
        #expect(tallies.shapes >= Self.shapesMin)
        #expect(tallies.aborts >= Self.abortsMin)
    }

    private static func sweep(_ form: GraphText) async throws -> Tally {
        try await Workshop.run { workshop in
            var tally = Tally()
            for change in GraphChanges.all {
                var wished = form
                guard change.make(&wished) else { continue }
                for isServed in [true, false] {
                    // Without exports the same plan has other steps: nothing is drained or moved.
                    var (live, desired) = (form, wished)
                    if !isServed {
                        live.exports = [:]
                        desired.exports = [:]
                        guard live.text + live.prelude != desired.text + desired.prelude else {
                            continue
                        }
                    }
                    let title = "\(form.title), \(change.title)"
                    try await sweep(workshop, from: live, to: desired, title, &tally)
                }
            }
            return tally
        }
    }

    private static func sweep(
        _ workshop: Workshop,
        from live: GraphText,
        to wished: GraphText,
        _ title: String,
        _ tally: inout Tally
    ) async throws {
        for name in ["disk", "other", "spare", "second"] {
            workshop.directory.file(name + ".raw", fill: UInt8(name.utf8.count))
        }
        workshop.directory.remove("made.raw")
        workshop.faults.arm(nil)
        let start = await workshop.apply(live.text, prelude: live.prelude)
        try #require(start.isApplied, "\(title): \(start)")
        let clients = try live.exports.keys.sorted().map { try workshop.client($0) }
        let content = clients.map { $0.read() }
        // Clients of the shape before may still be leaving: then a socket more is open for a moment.
        try await eventually {
            Holds.sockets(below: workshop.directory.path).count <= clients.count + 1
        }
        let before = await workshop.still()
        let configuration = workshop.document(wished.text, prelude: wished.prelude)
        let way: Workshop.Way
        switch await workshop.way(to: configuration) {
        case .success(let planned): way = planned
        case .failure(let refusal): return tally.refused.append("\(title): \(refusal.reason)")
        }
        var step = 1
        while true {
            workshop.faults.arm(step)
            let outcome = await workshop.go(way)
            guard let hit = workshop.faults.hit else {
                if !outcome.isApplied { tally.refused.append("\(title): \(outcome)") }
                break
            }
            #expect(!outcome.isApplied, "\(title): \(hit)")
            var after = await workshop.still()
            // The kernel's list of sockets is no snapshot: one that it missed is there next time.
            if after != before { after = await workshop.still() }
            #expect(after == before, "\(title): after \(hit)")
            #expect(clients.map { $0.read() } == content, "\(title): clients after \(hit)")
            tally.aborts += 1
            step += 1
        }
        tally.shapes += 1
        workshop.faults.arm(nil)
    }
}
