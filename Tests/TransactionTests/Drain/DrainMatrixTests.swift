import BlockGraph
import GraphModel
import Reconciliation
import Testing

/// Every parent over every child, with a request of every kind in flight, under every kind of change.
@Suite("Drain matrix")
struct DrainMatrixTests {
    /// What stands over the child.
    static let parents = [
        "raw", "throttle", "blkdebug", "compress", "qcow2", "copy-on-read", "quorum", "preallocate",
    ]
    /// What is below; each holds requests through a node `h` that does.
    static let children = [
        "h", "raw", "throttle", "blkdebug", "compress", "qcow2", "copy-on-read", "preallocate",
    ]
    /// NBD commands: read, write-less zeroes, flush, trim, block status comes as a read here.
    static let operations: [(name: String, command: UInt16)] = [
        ("read", 0), ("flush", 3), ("discard", 4), ("write zeroes", 6), ("cache", 5),
    ]
    static let changes = ["replace", "remove", "read-only", "resize", "throttle"]

    private static func line(_ name: String, _ driver: String, over child: String) -> String {
        switch driver {
        case "blkdebug": "\(name) blkdebug image=\(child)\n"
        case "quorum": "\(name) quorum vote-threshold=1 children=[\(child)]\n"
        default: "\(name) \(driver) file=\(child)\n"
        }
    }

    /// The graph before a change, and after it; nothing when the change means nothing here.
    private static func graphs(_ parent: String, _ child: String, _ change: String)
        -> (before: String, after: String)
    {
        let middle = child == "h" ? "" : line("c", child, over: "h")
        let below = child == "h" ? "h" : "c"
        let top = line("p", parent, over: below)
        let before = "h nbd\n" + middle + top + "e export of=p =rw"
        switch change {
        case "replace":
            return (before, "m nbd\n" + line("p", parent, over: "m") + "e export of=p =rw")
        case "remove": return (before, "h nbd\n" + middle + "e export of=\(below) =rw")
        case "read-only": return (before, before.replacing(" =rw", with: ""))
        case "resize":
            return (
                before,
                "h nbd server={\"type\":\"unix\",\"path\":\"t\"}\n" + middle + top
                    + "e export of=p =rw"
            )
        default: return (before, "h nbd\n" + middle + top + "t throttle file=p\ne export of=t =rw")
        }
    }

    @Test(
        "D1: whatever is in flight is answered once, by the old graph, whatever changes",
        arguments: parents
    )
    func matrix(parent: String) async throws {
        var cells = 0
        try await Workshop.run { workshop in
            for child in Self.children {
                for change in Self.changes {
                    for operation in Self.operations {
                        try await cell(workshop, parent, child, change, operation)
                        cells += 1
                    }
                }
            }
        }
        #expect(cells == Self.children.count * Self.changes.count * Self.operations.count)
    }

    private func cell(
        _ workshop: Workshop,
        _ parent: String,
        _ child: String,
        _ change: String,
        _ operation: (name: String, command: UInt16)
    ) async throws {
        let title = "\(parent) over \(child), \(operation.name), \(change)"
        let (before, after) = Self.graphs(parent, child, change)
        try await workshop.start(quick(before))
        let client = try workshop.client("e")
        workshop.standIns.forgetLog()
        workshop.standIns.hold("h")
        client.command(operation.command, 0, operation.command == 3 ? 0 : 512)
        // A node in between may answer by itself; then nothing is in flight, which is a cell, too.
        try await eventually { workshop.standIns.log.contains("hold h") || client.hasAnswer }
        let payload = operation.command == 0 ? 512 : 0
        let isHeld = !client.hasAnswer
        let way = await workshop.way(to: workshop.document(quick(after)))
        guard case .success(let planned) = way else {
            Issue.record("\(title): \(way)")
            return
        }
        let isDrained = planned.plan.drainedExports.contains("e")
        if isHeld, isDrained {
            // The deadline passes: undone, and the request is still in flight.
            let refused = await workshop.go(planned, timeoutMilliseconds: 1)
            #expect(refused.code == "E0801", "\(title): \(refused)")
            #expect(!client.hasAnswer, "\(title)")
        }
        async let outcome = workshop.go(planned)
        if isHeld {
            if isDrained {
                try await eventually { workshop.standIns.log.filter { $0 == "drain h" }.count == 2 }
            }
            await workshop.standIns.letGo()
        }
        let answer = client.answer(payload: payload)
        #expect(answer?.errorNumber == 0 || !isHeld, "\(title): \(String(describing: answer))")
        let result = await outcome
        #expect(result.isApplied, "\(title): \(result)")
        workshop.standIns.hold()
        #expect(client.read()?.errorNumber == 0, "\(title)")
        #expect(!client.hasAnswer, "\(title): answered twice")
    }
}
