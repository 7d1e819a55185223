import Foundation
import Testing

@Suite("Failure sweep")
struct FailureSweepTests {
    /// Shapes and abort points that continuous integration has to see.
    private static let shapesMin = 800
    private static let abortsMin = 9_000
    /// Of them, over formats and filters that keep something.
    private static let choosyShapesMin = 200

    /// Plans of one form: how many there were, and how often one was aborted.
    struct Tally: Sendable {
        var shapes = 0
        var choosyShapes = 0
        var aborts = 0
        var refusals = 0
        var refused: [String] = []
    }

    @Test(
        "S01: whichever step of whichever plan fails, everything is as before; then it goes through"
    )
    func sweep() async throws {
        let tallies = try await withThrowingTaskGroup(of: Tally.self) { group in
            for form in GraphForms.all + FormatForms.all {
                group.addTask { try await Self.sweep(form) }
            }
            return try await group.reduce(into: Tally()) { all, one in
                all.shapes += one.shapes
                all.choosyShapes += one.choosyShapes
                all.aborts += one.aborts
                all.refusals += one.refusals
                all.refused += one.refused
            }
        }
        print(
            "failure sweep: \(tallies.shapes) plan shapes, \(tallies.choosyShapes) of them over "
                + "formats, \(tallies.aborts) abort points, \(tallies.refusals) refusals"
        )
        #expect(tallies.refused == [])
        #expect(tallies.shapes >= Self.shapesMin)
        #expect(tallies.choosyShapes >= Self.choosyShapesMin)
        #expect(tallies.aborts >= Self.abortsMin)
    }

    private static func sweep(_ form: GraphText) async throws -> Tally {
        try await Workshop.run(standsIn: []) { workshop in
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
        // Nothing of the shape before is left open under the files that are made anew.
        await workshop.apply("", prelude: live.prelude)
        for name in ["disk", "other", "spare", "second"] {
            workshop.directory.file(
                name + ".raw",
                sizeBytes: live.emptyFiles.contains(name) ? 0 : 64 << 10,
                fill: live.hasEqualFiles ? 7 : UInt8(name.utf8.count)
            )
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
        let bytes = workshop.directory.contents
        let configuration = workshop.document(wished.text, prelude: wished.prelude)
        let way: Workshop.Way
        switch await workshop.way(to: configuration) {
        case .success(let planned): way = planned
        case .failure(let refusal):
            if live.isChoosy {
                tally.refusals += 1
                return
            }
            return tally.refused.append("\(title): \(refusal.reason)")
        }
        var step = 1
        while true {
            workshop.faults.arm(step)
            let outcome = await workshop.go(way)
            let hit = workshop.faults.hit
            if outcome.isApplied {
                #expect(hit == nil, "\(title): \(hit ?? "")")
                tally.shapes += 1
                if live.isChoosy { tally.choosyShapes += 1 }
                break
            }
            var after = await workshop.still()
            // The kernel's list of sockets is no snapshot: one that it missed is there next time.
            if after != before { after = await workshop.still() }
            #expect(after == before, "\(title): after \(hit ?? outcome.reason ?? "")")
            let changed = workshop.directory.contents.filter { bytes[$0.key] != $0.value }.keys
            // What was copied while it was read is written when the graph settles.
            #expect(
                changed.isEmpty || live.copiesWhatIsRead,
                "\(title): after \(hit ?? outcome.reason ?? "")"
            )
            #expect(clients.map { $0.read() } == content, "\(title): after \(hit ?? "nothing")")
            guard hit != nil else {
                // What stands above cannot stand over that child: a refusal of its own accord.
                tally.refusals += 1
                if !live.isChoosy { tally.refused.append("\(title): \(outcome)") }
                break
            }
            tally.aborts += 1
            step += 1
        }
        workshop.faults.arm(nil)
    }
}

extension GraphText {
    fileprivate var copiesWhatIsRead: Bool { nodes.values.contains { $0.driver == "copy-on-read" } }
}

extension TemporaryDirectory {
    /// What is in the images, by name.
    fileprivate var contents: [String: Data] {
        var found: [String: Data] = [:]
        for name in names where name.hasSuffix(".raw") {
            found[name] = try? Data(contentsOf: URL(filePath: path + "/" + name))
        }
        return found
    }
}
