import BlockDrivers
import Glibc
import GraphModel
import Testing

@testable import BlockGraph

/// One image over a disk with rules, one operation after another, and one fault in one step.
@Suite("Faults in the steps of an image", .enabled(if: TemporaryDirectory.has("qemu-img")))
struct EventFaultTests {
    /// What is asked after the image was filled.
    private static let operations: [(BlockOperation, Int, Int, RequestFlags)] = [
        (.read, 0, 60_000, []), (.write, 100, 700, []), (.write, 9000, 9000, []),
        (.write, 70_000, 200, .forceUnitAccess), (.write, 80_000, 12_000, []),
        (.writeZeroes, 4096, 4096, []), (.writeZeroes, 8500, 6000, .mayUnmap),
        (.discard, 16_384, 8192, []), (.write, 98_304, 16_384, .compressed),
        (.read, 98_304, 8192, []), (.write, 98_400, 10, []), (.flush, 0, 0, []),
        (.read, 0, 60_000, []),
    ]

    private static let images = CrashCase.all.filter {
        $0.creation != nil && $0.filledBytes == 0 && $0.alignment == 1
    }
    /// Steps that need a backing image, a snapshot, or an image of megabytes; and advice, whose
    /// failure nobody is told.
    private static let rare: Set<String> = [
        "read_backing_aio", "cow_read", "reftable_grow", "pwritev_zero", "cluster_free",
    ]

    /// Fails once in a step, after the first flush.
    private static func rules(_ event: String) -> NodeDescription {
        let fault: [(String, OptionValue)] = [
            ("event", .text(event)), ("state", .integer(2)), ("once", .flag(true)),
            ("errno", .integer(Int64(EIO))),
        ]
        let change: [(String, OptionValue)] = [
            ("event", .text("flush_to_disk")), ("state", .integer(1)), ("new-state", .integer(2)),
        ]
        return node(
            "blkdebug",
            [
                ("inject-error", .list([.mapping(Options(fault))])),
                ("set-state", .list([.mapping(Options(change))])),
            ],
            children: [("image", "disk")]
        )
    }

    @Test(
        "a fault in one step is told, and leaves a sound image that holds what was flushed",
        arguments: BlockEvents.names
    )
    func events(_ event: String) throws {
        var struck = 0
        for image in Self.images {
            let start = try image.make()
            for place in stride(from: 0, to: Self.operations.count, by: 4) {
                struck += try strike(event, image, start, first: place)
            }
        }
        #expect(struck > 0 || Self.rare.contains(event), "nothing ever failed")
    }

    /// Runs all operations, beginning with another one each time.
    ///
    /// - Returns: How many failed.
    private func strike(
        _ event: String,
        _ image: CrashCase,
        _ start: [UInt8],
        first: Int
    ) throws -> Int {
        let stand = try SyncStand()
        defer { stand.clear() }
        let name = "\(event), \(image.testDescription), \(first)"
        let disk = ProbeDisk(content: start, capacity: image.capacity)
        let filled = try fill(disk, image, stand, name)
        let description = Self.rules(event)
        let rules = try BlkdebugDriverKind().open(
            DriverOpening(
                node: description,
                children: ["image": try disk.limits(over: [:])],
                masks: NodeStack.writer,
                baseDirectory: "/"
            )
        )
        let open = try stand.open(disk, behind: (description, rules.node), options: image.options)
        var guest = GuestModel(stand: stand, image: open, name: name, latest: filled)
        defer { guest.end() }
        // Needs a new block of counts somewhere, which the first flush puts to disk.
        guest.ask(.write, 49_152, 16_384, [])
        guest.ask(.flush, 0, 0, [])
        let count = Self.operations.count
        for number in 0..<count {
            let (kind, offset, length, flags) = Self.operations[(first + number) % count]
            guest.ask(kind, offset, length, flags)
        }
        // The rule has done its only deed by now, or it never will.
        if stand.ask(open, .flush) != .done { guest.failures += 1 }
        #expect(stand.ask(open, .flush) == .done, "\(guest.name)")
        try look(disk, image, guest, stand)
        // Late counts are written now, so that the fault may strike here.
        if stand.settle(open) != .done { guest.failures += 1 }
        #expect(stand.settle(open) == .done, "\(guest.name)")
        try look(disk, image, guest, stand)
        return guest.failures
    }

    /// Fills some of an image and closes it, so that its tables are read again.
    ///
    /// - Returns: What its disk holds.
    private func fill(
        _ disk: ProbeDisk,
        _ image: CrashCase,
        _ stand: SyncStand,
        _ name: String
    ) throws -> [UInt8] {
        let open = try stand.open(disk, options: image.options)
        var guest = GuestModel(stand: stand, image: open, name: name)
        defer { guest.end() }
        guest.ask(.write, 0, 49_152, [])
        #expect(stand.settle(open) == .done, "\(name)")
        return guest.latest
    }

    /// The disk as it is now must be a sound image with what the guest wrote.
    private func look(
        _ disk: ProbeDisk,
        _ image: CrashCase,
        _ guest: GuestModel,
        _ stand: SyncStand
    ) throws {
        let judge = try #require(ImageJudge(disk.content), "\(guest.name)")
        if case .corrupt(let reason) = judge.check() {
            Issue.record("\(guest.name): \(reason)")
        }
        let copy = ProbeDisk(content: Array(disk.content), capacity: image.capacity)
        let again = try stand.open(copy, options: image.options)
        var second = GuestModel(stand: stand, image: again, name: guest.name)
        defer { second.end() }
        let found = second.read()
        #expect(found == guest.latest, "\(guest.name)")
    }
}

/// What a guest's disk must read as, when some of its requests fail.
private struct GuestModel {
    let stand: SyncStand
    let image: SyncStand.Image
    let name: String
    private(set) var latest: [UInt8]
    var failures = 0
    private let buffer: UnsafeMutableRawPointer

    init(stand: SyncStand, image: SyncStand.Image, name: String, latest: [UInt8]? = nil) {
        self.stand = stand
        self.image = image
        self.name = name
        let size = Int(image.sizeBytes)
        self.latest = latest ?? [UInt8](repeating: 0, count: size)
        buffer = .allocate(byteCount: size, alignment: 4096)
    }

    func end() { buffer.deallocate() }

    mutating func ask(_ kind: BlockOperation, _ offset: Int, _ length: Int, _ flags: RequestFlags) {
        let range = offset..<(offset + length)
        let byte = UInt8(truncatingIfNeeded: offset &* 7 &+ length) | 1
        memset(buffer, Int32(byte), length)
        let status = stand.ask(image, kind, offset, length, buffer, flags: flags)
        if status != .done { failures += 1 }
        switch kind {
        case .write where status == .done:
            latest.replaceSubrange(range, with: repeatElement(byte, count: length))
        case .writeZeroes where status == .done:
            latest.replaceSubrange(range, with: repeatElement(0, count: length))
        case .write, .writeZeroes, .discard:
            // What failed, or was discarded, is old or new at each byte.
            let new: UInt8 = kind == .write ? byte : 0
            let found = read()
            #expect(
                zip(found[range], latest[range]).allSatisfy { $0 == new || $0 == $1 },
                "\(name)"
            )
            latest.replaceSubrange(range, with: found[range])
        case .read, .flush, .extents: break
        }
    }

    /// Everything, and once more where the fault strikes.
    mutating func read() -> [UInt8] {
        for _ in 0..<2 {
            if stand.ask(image, .read, 0, latest.count, buffer) == .done {
                return Array(UnsafeRawBufferPointer(start: buffer, count: latest.count))
            }
            failures += 1
        }
        return []
    }
}
