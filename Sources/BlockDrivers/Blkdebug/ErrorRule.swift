internal import BlockGraph
internal import GraphModel
internal import Synchronization

/// One `inject-error` entry: which requests fail, how, and whether it has done its only deed.
///
/// Shared by the views of all loops, so that `once` means once.
final class ErrorRule: Sendable {
    /// What the entry says.
    struct Definition: Hashable, Sendable {
        /// Only requests of one of these steps; any when empty.
        var events: BlockEvents
        /// Only in this state; in any when 0.
        var state: Int
        /// Operations that it concerns, one bit for each raw value of ``BlockOperation``.
        var operations: UInt8
        /// Only requests that touch this byte; any when it is absent.
        var offsetBytes: UInt64?
        /// Linux error number of the answer.
        var errorNumber: Int32
        var happensOnce: Bool
        /// How likely it is, from 0 to 1.
        var probability: Double
    }

    let definition: Definition
    private let isSpent = Atomic(false)

    init(_ definition: Definition) { self.definition = definition }

    /// The error number that a request is to be answered with, or nothing.
    ///
    /// `chance` gives numbers from 0 up to but not including 1.
    func strikes(
        _ operation: BlockOperation,
        events: BlockEvents,
        state: Int,
        offsetBytes: UInt64,
        lengthBytes: UInt64,
        chance: () -> Double
    ) -> Int32? {
        guard definition.operations & (1 << operation.rawValue) != 0 else { return nil }
        guard definition.events.isEmpty || !definition.events.isDisjoint(with: events),
            definition.state == 0 || definition.state == state
        else { return nil }
        if let byte = definition.offsetBytes {
            guard operation != .flush, byte >= offsetBytes, byte - offsetBytes < lengthBytes else {
                return nil
            }
        }
        if definition.probability < 1, chance() >= definition.probability { return nil }
        guard definition.happensOnce else { return definition.errorNumber }
        return isSpent.exchange(true, ordering: .relaxed) ? nil : definition.errorNumber
    }
}

/// What an event makes of the state that rules look at.
struct StateChange: Hashable, Sendable {
    let event: BlockEvents
    /// Only in this state; in any when 0.
    let state: Int
    let newState: Int

    /// The change in one `set-state` entry; without an event it never happens.
    init(_ options: Options) {
        event = options.text("event").flatMap { BlockEvents(name: $0) } ?? []
        state = Int(clamping: options.integer("state") ?? 0)
        newState = Int(clamping: options.integer("new-state") ?? 1)
    }

    /// The state after a request of some events.
    func applied(to state: Int, _ events: BlockEvents) -> Int {
        guard !event.isDisjoint(with: events), self.state == 0 || self.state == state else {
            return state
        }
        return newState
    }
}
