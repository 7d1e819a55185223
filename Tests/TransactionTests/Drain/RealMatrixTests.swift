import BlockGraph
import Foundation
import Reconciliation
import Testing

/// The drivers of the product over each other, with a request in flight, under every kind of change.
///
/// `SLUICE_LONG=1` has every request meet every change in every pair; else each pair sees every
/// request and every change once.
@Suite("Drain matrix of real drivers")
struct RealMatrixTests {
    /// NBD commands, and whether they write.
    private static let operations: [(name: String, command: UInt16, writes: Bool)] = [
        ("read", 0, false), ("write", 1, true), ("flush", 3, false), ("discard", 4, true),
        ("cache", 5, false), ("write zeroes", 6, true),
    ]
    private static let changes = [
        "replace", "remove", "read-only", "resize", "throttle", "move", "spread",
    ]
    private static let isLong = ProcessInfo.processInfo.environment["SLUICE_LONG"] == "1"
    private static let mark: UInt8 = 0xA5

    /// What happened in the pairs of one parent.
    private struct Tally {
        var illegal: Set<String> = []
        var cells = 0
        var held = 0
        var givenUp = 0
        var refused: [String] = []
    }

    @Test(
        "D1: whatever is in flight in a pair of drivers is answered once, whatever changes",
        arguments: RealParent.all
    )
    func matrix(parent: RealParent) async throws {
        try await judge(parent, over: RealChild.all)
    }

    /// One parent after the other, since hosts have few loop devices.
    @Test("D1: the same over a device of the host")
    func devices() async throws {
        let directory = try TemporaryDirectory()
        let (one, other) = (
            LoopDevice(directory.file("c.disk", sizeBytes: 1 << 20)),
            LoopDevice(directory.file("m.disk", sizeBytes: 1 << 20))
        )
        guard let one, let other else { return print("host_device: no loop devices here") }
        let child = RealChild.device(["c": one.path, "m": other.path])
        for (number, parent) in RealParent.all.enumerated() {
            try await judge(parent, over: [child], from: number)
        }
    }

    private func judge(_ parent: RealParent, over children: [RealChild], from first: Int = 0)
        async throws
    {
        let standIns = StandIns()
        var tally = Tally()
        let image = parent.title == "qcow2" ? try await Self.image() : nil
        try await Workshop.run(standsIn: [], with: standIns) { far in
            try await Workshop.run(standsIn: [], with: standIns) { workshop in
                for (number, child) in children.enumerated() {
                    let pair = Pair(parent: parent, child: child, workshop: workshop, far: far)
                    try await pair.makeFiles(image: image, mark: child.keeps ? Self.mark : 0)
                    try await run(pair, first + number, &tally)
                }
            }
        }
        print(
            "drain matrix, \(parent.title): \(tally.cells) cells, a request held in \(tally.held), "
                + "\(tally.givenUp) plans given up, \(tally.illegal.count) pairs refused"
        )
        let illegal = Self.illegal(over: parent).intersection(children.map(\.title))
        #expect(tally.illegal == illegal, "\(parent.title)")
        #expect(tally.refused == [], "\(parent.title)")
        let pairs = children.count - illegal.count
        #expect(tally.cells >= pairs * 5)
        #expect(tally.held >= pairs && (tally.givenUp > 0 || pairs == 0))
    }

    /// Children over which a parent cannot stand.
    private static func illegal(over parent: RealParent) -> Set<String> {
        let all = Set(RealChild.all.map(\.title) + ["host_device"])
        // What keeps tables lives on one thread, and what opens reads its child from another.
        let formats: Set<String> = ["qcow2", "overlay", "compress"]
        return switch parent.title {
        case "qcow2": formats.union(["null-co", "snapshot-access"])
        case "log of log-writes": formats.union(["snapshot-access"])
        case "copy-on-read", "target of copy-before-write": ["snapshot-access"]
        case "snapshot-access": all.subtracting(["copy-before-write"])
        case "compress": all.subtracting(formats)
        default: []
        }
    }

    /// An image of 1 MiB whose first 4 KiB are marks, as bytes.
    private static func image() async throws -> [UInt8] {
        try await Workshop.run(standsIn: []) { workshop in
            workshop.directory.file("f.raw", sizeBytes: 0)
            try await workshop.start(
                quick(
                    "f file\nq qcow2 file=f create={\"size\":1MiB,\"cluster-size\":4KiB}\n"
                        + "e export of=q =rw"
                )
            )
            let client = try workshop.client("e")
            #expect(client.write(0, Array(repeating: mark, count: 4096))?.errorNumber == 0)
            #expect(client.flush()?.errorNumber == 0)
            try await workshop.start(
                quick("e export of=q on-remove=disconnect\nf file\nq qcow2 file=f")
            )
            _ = await workshop.apply("")
            let bytes = try Data(contentsOf: URL(filePath: workshop.directory.path + "/f.raw"))
            return [UInt8](bytes)
        }
    }

    private func run(_ pair: Pair, _ number: Int, _ tally: inout Tally) async throws {
        let workshop = pair.workshop
        let nothing = await workshop.still()
        let outcome = await workshop.apply(quick(pair.before))
        guard outcome.isApplied else {
            #expect(await workshop.still() == nothing, "\(pair.title)")
            tally.illegal.insert(pair.child.title)
            return
        }
        var cells = 0
        for (place, change) in Self.changes.enumerated() {
            guard let after = pair.after(change) else { continue }
            for (turn, operation) in Self.operations.enumerated()
            where pair.isWritable || !operation.writes {
                let isDue = (place + turn + number) % Self.operations.count == 0
                guard isDue || Self.isLong || !pair.isWritable else { continue }
                // Where nothing was yet, as long as there are such places.
                let offset = UInt64(cells % 8) << 16
                cells += 1
                try await cell(pair, operation, change, after, offset, &tally)
            }
        }
    }

    private func cell(
        _ pair: Pair,
        _ operation: (name: String, command: UInt16, writes: Bool),
        _ change: String,
        _ after: String,
        _ offset: UInt64,
        _ tally: inout Tally
    ) async throws {
        let title = "\(pair.title), \(operation.name), \(change)"
        let workshop = pair.workshop
        tally.cells += 1
        try await workshop.start(quick(pair.before))
        let client = try workshop.client("e")
        workshop.standIns.forgetLog()
        let hold = "hold \(pair.holder)"
        workshop.standIns.holdOnce(pair.holder)
        ask(client, operation.command, offset, mark: pair.child.keeps ? Self.mark : 0)
        try await eventually { workshop.standIns.log.contains(hold) || client.hasAnswer }
        let isHeld = !client.hasAnswer
        if !isHeld { await workshop.standIns.letGo() }
        guard case .success(let way) = await workshop.way(to: workshop.document(quick(after)))
        else {
            await workshop.standIns.letGo()
            _ = client.answer(payload: operation.command == 0 ? 512 : 0)
            return tally.refused.append(title)
        }
        let isDrained = way.plan.drainedExports.contains("e")
        if isHeld { tally.held += 1 }
        if isHeld, isDrained {
            // The deadline passes: undone, and the request is still in flight.
            let refused = await workshop.go(way, timeoutMilliseconds: 1)
            #expect(refused.code == "E0801", "\(title): \(refused)")
            #expect(!client.hasAnswer, "\(title)")
            tally.givenUp += 1
        }
        async let outcome = workshop.go(way)
        if isHeld {
            if isDrained {
                try await eventually { workshop.standIns.log.filter { $0 == "drain w" }.count == 2 }
            }
            await workshop.standIns.letGo()
        }
        let answer = client.answer(payload: operation.command == 0 ? 512 : 0)
        #expect(answer?.errorNumber == 0, "\(title): \(String(describing: answer))")
        let result = await outcome
        #expect(result.isApplied, "\(title): \(result)")
        let read = client.read()
        #expect(read?.errorNumber == 0, "\(title)")
        if let first = pair.firstByte(after: change, mark: Self.mark) {
            #expect(read?.bytes.first == first, "\(title)")
        }
        #expect(!client.hasAnswer, "\(title): answered twice")
        client.leave()
        try await eventually { await workshop.clientCount(of: "e") == 0 }
    }

    private func ask(_ client: DiskClient, _ command: UInt16, _ offset: UInt64, mark: UInt8) {
        switch command {
        case 0, 5: client.command(command, offset, 512)
        case 1: client.sendWrite(offset, [UInt8](repeating: mark, count: 512))
        case 3: client.command(command, 0, 0)
        default: client.command(command, offset + 8192, 512)
        }
    }
}

/// A parent over a child, and the files of both.
private struct Pair {
    let parent: RealParent
    let child: RealChild
    let workshop: Workshop
    let far: Workshop

    var title: String { "\(parent.title) over \(child.title)" }
    var isWritable: Bool { parent.isWritable && child.isWritable }
    var holder: String { child.holder.replacing("K", with: "c") }

    private var right: String { isWritable ? " =rw" : "" }

    private func lines(_ name: String) -> String {
        child.lines(name).replacing(
            "FAR",
            with: "{\"type\":\"unix\",\"path\":\"\(far.socketPath)\"}"
        )
    }

    /// The graph before all changes.
    var before: String {
        lines("c") + parent.lines(over: "c") + "w raw size=512KiB file=p\ne export of=w" + right
    }

    /// The graph after a change; nothing when the change means nothing here.
    func after(_ change: String) -> String? {
        switch change {
        case "replace":
            lines("m") + parent.lines(over: "m") + "w raw size=512KiB file=p\ne export of=w" + right
        case "remove": lines("c") + "w raw size=512KiB file=c\ne export of=w" + childRight
        case "read-only": isWritable ? before.replacing(" =rw", with: "") : nil
        case "resize": before.replacing("size=512KiB file=p", with: "size=576KiB file=p")
        case "throttle": before.replacing("of=w", with: "of=t") + "\nt throttle file=w"
        // A format that may be written lives on one thread.
        case "spread": before.contains("qcow2") ? nil : before + " iothread=[io0,io1]"
        default: before + " iothread=io0"
        }
    }

    /// A client that could write still can.
    private var childRight: String { isWritable ? " =rw" : "" }

    /// What clients read first then; nothing when what the child holds is not the disk.
    func firstByte(after change: String, mark: UInt8) -> UInt8? {
        if change == "remove", parent.holdsOther { return nil }
        return child.keeps ? mark : 0
    }

    /// Makes all files anew, with what the disks show.
    func makeFiles(image: [UInt8]?, mark: UInt8) async throws {
        _ = await workshop.apply("")
        _ = await far.apply("")
        var plain = [UInt8](repeating: 0, count: 1 << 20)
        plain.replaceSubrange(0..<4096, with: repeatElement(mark, count: 4096))
        var content = plain
        if let image { content.replaceSubrange(0..<image.count, with: image) }
        for (name, bytes) in parent.files {
            workshop.directory.file("\(name).raw", bytes: Array(plain.prefix(bytes)))
        }
        for name in ["c", "m"] {
            for file in child.files {
                let isContent = child.isTransparent && file.name == "Kh"
                workshop.directory.file(
                    file.name.replacing("K", with: name) + ".raw",
                    bytes: isContent ? content : [UInt8](repeating: 0, count: file.bytes)
                )
            }
            far.directory.file("\(name)h.raw", bytes: content)
            if !child.isTransparent { try await write(content, to: name) }
        }
        guard child.files.isEmpty, child.keeps else { return }
        try await far.start(quick("ch file\nmh file\nch export of=ch =rw\nmh export of=mh =rw"))
    }

    private func write(_ content: [UInt8], to name: String) async throws {
        try await workshop.start(
            quick(lines(name) + "s export of=\(name) =rw on-remove=disconnect")
        )
        let client = try workshop.client("s")
        // Files are new, and a device still has what was written before.
        let last = child.devices.isEmpty ? content.lastIndex { $0 != 0 } ?? 0 : content.count - 1
        let bytes = Array(content.prefix((last + 4096) / 4096 * 4096))
        #expect(client.write(0, bytes)?.errorNumber == 0, "\(title)")
        #expect(client.flush()?.errorNumber == 0, "\(title)")
        try await workshop.start("")
    }
}
