internal import BlockGraph
internal import GraphModel
internal import RingLoop
internal import Synchronization

/// One loop's view of a `blkdebug` node: delays, then fails or hands on.
///
/// A request is struck by the first rule that concerns it. Chances come from a generator with a
/// seed of the node's name, so that a run can be repeated.
final class BlkdebugDriver: BlockDriver {
    private let node: OpenBlkdebug
    private let image: Edge
    private var line: DelayLine?
    private var rules: [ErrorRule]
    private var stateChanges: [StateChange]
    private var general: NodeRules
    private var chances: ChanceGenerator

    init(node: OpenBlkdebug, loop: EventLoop, image: Edge) {
        self.node = node
        self.image = image
        let settings = node.currentSettings
        rules = settings.rules
        stateChanges = settings.stateChanges
        general = settings.general
        chances = ChanceGenerator(seed: settings.node)
        line = DelayLine(loop: loop, delayNanoseconds: settings.delayNanoseconds) {
            [unowned self] request in
            let status = judge(request)
            if !status.isParked { request.finish(status) }
        }
    }

    /// Payloads travel in memory while there are faults to make.
    var movesPages: Bool { isIdle && image.movesPages }
    var lendsPages: Bool { isIdle && image.lendsPages }

    private var isIdle: Bool {
        rules.isEmpty && stateChanges.isEmpty && !general.detectsZeroes && line?.holds != true
    }

    func submit(_ request: BlockRequest) -> BlockStatus {
        if let line, line.holds {
            line.hold(request)
            return .parked
        }
        return judge(request)
    }

    func drainBegan() { line?.drainBegan() }
    func drainEnded() { line?.drainEnded() }

    func optionsChanged() {
        let settings = node.currentSettings
        rules = settings.rules
        stateChanges = settings.stateChanges
        general = settings.general
        line?.setDelay(nanoseconds: settings.delayNanoseconds)
    }

    private func judge(_ request: BlockRequest) -> BlockStatus {
        let events = Self.events(of: request)
        let state = node.state.load(ordering: .relaxed)
        defer { changeState(state, events) }
        for rule in rules {
            let error = rule.strikes(
                request.slot.pointee.operation,
                events: events,
                state: state,
                offsetBytes: request.slot.pointee.offsetBytes,
                lengthBytes: request.slot.pointee.lengthBytes,
                chance: { chances.next() }
            )
            if let error { return .failed(error) }
        }
        return general.submit(request, to: image)
    }

    /// Steps of a format that the request is of, and what it is to every node.
    private static func events(of request: BlockRequest) -> BlockEvents {
        let events = request.slot.pointee.events
        switch request.slot.pointee.operation {
        case .write: return events.union(.anyWrite)
        case .writeZeroes: return events.union(.anyZero)
        case .flush: return events.union(.anyFlush)
        case .read, .discard, .extents: return events
        }
    }

    private func changeState(_ state: Int, _ events: BlockEvents) {
        guard !stateChanges.isEmpty else { return }
        let after = stateChanges.reduce(state) { $1.applied(to: $0, events) }
        if after != state { node.state.store(after, ordering: .relaxed) }
    }
}

/// Numbers from 0 to 1 that follow from a seed (SplitMix64).
struct ChanceGenerator {
    private var state: UInt64

    /// A generator whose numbers follow from a text.
    init(seed: String) {
        // FNV-1a: the same in every run, unlike the hash of the standard library.
        state = seed.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// The next number, at least 0 and less than 1.
    mutating func next() -> Double {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        mixed ^= mixed >> 31
        return Double(mixed >> 11) * 0x1p-53
    }
}
