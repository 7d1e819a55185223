/// Makes recordings of images at work, and looks at what crashes leave.
struct CrashSuite: Sendable {
    /// What was looked at.
    struct Tally: Sendable {
        var recordings = 0
        var states = 0
        var leaky = 0
        var dirty = 0
        var reopened = 0
        var checked = 0
        var faults: [String] = []

        mutating func add(_ other: Tally) {
            recordings += other.recordings
            states += other.states
            leaky += other.leaky
            dirty += other.dirty
            reopened += other.reopened
            checked += other.checked
            faults += other.faults
        }

        var text: String {
            "\(recordings) recordings, \(states) states (\(leaky) with leaks, \(dirty) marked dirty), "
                + "\(reopened) opened again, \(checked) checked by qemu-img"
        }
    }

    /// Whether it prints how it came to a fault.
    var isTalkative = false
    /// How many states are made at each moment.
    let choices: Int
    let firstSeed: UInt64
    /// One state in so many is judged by `qemu-img check`, too.
    let checkRate: Int
    private let images = CrashCase.all
    private let starts: [[UInt8]]

    /// Every sequence of up to three operations.
    static let kinds: [[CrashOperation.Kind]] = {
        let kinds = CrashOperation.Kind.allCases
        let pairs = kinds.flatMap { first in kinds.map { [first, $0] } }
        return kinds.map { [$0] } + pairs + pairs.flatMap { pair in kinds.map { pair + [$0] } }
    }()

    init(choices: Int, firstSeed: UInt64 = 0, checkRate: Int = 150) throws {
        self.choices = choices
        self.checkRate = checkRate
        self.firstSeed = firstSeed
        starts = try images.map { try $0.make() }
    }

    /// Every short sequence, over other images in each round.
    func sequences(_ wanted: Int) async throws -> Tally {
        try await run(wanted, recordings: Self.kinds.count) { bench, number in
            try await sequence(number, bench)
        }
    }

    /// Those of the short sequences that have these numbers.
    func sequences(numbered numbers: [UInt64]) async throws -> Tally {
        let bench = try CrashBench()
        defer { bench.end() }
        var tally = Tally()
        for number in numbers { tally.add(try await sequence(number, bench)) }
        return tally
    }

    private func sequence(_ number: UInt64, _ bench: CrashBench) async throws -> Tally {
        let places = images.indices.filter { images[$0].filledBytes == 0 }
        let kinds = Self.kinds[Int(number % UInt64(Self.kinds.count))]
        let round = Int(number) / Self.kinds.count
        let place = places[(Int(number) + round * 5) % places.count]
        var random = SeededGenerator(seed: number)
        // What is overwritten must be there.
        let before = [CrashOperation.Kind.write, .write, .write, .flush]
        let operations = (before.prefix(Int(number) % 5) + kinds).map {
            CrashOperation.random($0, images[place], &random)
        }
        let name = "\(images[place].testDescription), number \(number), \(kinds)"
        return try await look(bench, place, operations, depth: 1, seed: number, name)
    }

    /// Longer random ones, with several requests at a time.
    func random(_ wanted: Int) async throws -> Tally {
        try await run(wanted) { bench, number in
            let place = Int(number) % images.count
            var random = SeededGenerator(seed: number &+ 1 << 40)
            let operations = (0..<Int.random(in: 5...30, using: &random)).map { _ in
                CrashOperation.random(Self.kind(&random), images[place], &random)
            }
            let depth = Int.random(in: 1...6, using: &random)
            let name = "\(images[place].testDescription), number \(number), depth \(depth)"
            return try await look(bench, place, operations, depth: depth, seed: number, name)
        }
    }

    private static func kind(_ random: inout SeededGenerator) -> CrashOperation.Kind {
        switch Int.random(in: 0..<17, using: &random) {
        case 0..<9: .write
        case 9..<11: .zero
        case 11..<13: .discard
        case 13..<15: .flush
        case 15: .overlay
        default: .grow
        }
    }

    /// Runs jobs on two loops until there are enough states.
    private func run(
        _ wanted: Int,
        recordings: Int = 0,
        _ job: @escaping @Sendable (CrashBench, UInt64) async throws -> Tally
    ) async throws -> Tally {
        try await withThrowingTaskGroup(of: Tally.self) { group in
            for share in 0..<2 as Range<UInt64> {
                group.addTask {
                    let bench = try CrashBench()
                    defer { bench.end() }
                    var tally = Tally()
                    var number = firstSeed + share
                    while tally.states < wanted / 2 || tally.recordings < (recordings + 1) / 2,
                        tally.faults.count < 5
                    {
                        tally.add(try await job(bench, number))
                        number += 2
                    }
                    return tally
                }
            }
            return try await group.reduce(into: Tally()) { $0.add($1) }
        }
    }

    /// Records, and looks at some states of each moment.
    private func look(
        _ bench: CrashBench,
        _ place: Int,
        _ operations: [CrashOperation],
        depth: Int,
        seed: UInt64,
        _ name: String
    ) async throws -> Tally {
        var tally = Tally(recordings: 1)
        let recording: CrashRecording
        do {
            recording = try await bench.record(
                images[place],
                starts[place],
                operations,
                depth: depth,
                seed: seed
            )
        } catch {
            tally.faults.append("\(name): \(error)")
            return tally
        }
        var walk = CrashWalk(recording, seed: seed)
        var random = SeededGenerator(seed: seed ^ 0xc4a5)
        defer { walk.end() }
        while walk.next() {
            for choice in CrashWalk.Choice.allCases.shuffled(using: &random).prefix(choices) {
                walk.materialise(choice)
                if let fault = judge(walk, &tally, &random) {
                    tally.faults.append("\(name), moment \(walk.now), \(choice): \(fault)")
                    if isTalkative { recording.tell(upTo: walk.now) }
                    return tally
                }
            }
        }
        return tally
    }

    private func judge(
        _ walk: CrashWalk,
        _ tally: inout Tally,
        _ random: inout SeededGenerator
    ) -> String? {
        var verdict = CrashVerdict(walk)
        let fault = verdict.fault(walk.content)
        tally.states += 1
        if verdict.leaks > 0 { tally.leaky += 1 }
        if verdict.isDirty { tally.dirty += 1 }
        if let fault { return fault }
        guard !walk.recording.image.isRaw else { return nil }
        if Int.random(in: 0..<(verdict.isDirty ? 4 : 40), using: &random) == 0 {
            tally.reopened += 1
            if let fault = CrashReopening(walk).fault() { return "opened again: " + fault }
        }
        if Int.random(in: 0..<checkRate, using: &random) == 0,
            !walk.recording.image.hasDataFile
        {
            tally.checked += 1
            return CrashReopening(walk).faultByQemu()
        }
        return nil
    }
}
