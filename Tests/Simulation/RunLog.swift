/// What happened in a run, in order: a digest of it always, every event when that is asked for.
///
/// Two runs of a seed have the same events; where they part is where something real got in.
package struct RunLog {
    /// What kind of thing happened.
    package enum Kind: String, Sendable {
        case submitted, completed, sent, answered, step, tried, committed, aborted, crashed
    }

    /// One event.
    package struct Event: Hashable, Sendable, CustomStringConvertible {
        let nanoseconds: UInt64
        let kind: Kind
        let numbers: [Int]

        package var description: String { "\(nanoseconds) ns: \(kind.rawValue) \(numbers)" }
    }

    /// Digest of all events (FNV-1a).
    package private(set) var digest: UInt64 = 0xcbf2_9ce4_8422_2325
    /// How many there were.
    package private(set) var count = 0
    /// The events themselves, when they are kept.
    package private(set) var events: [Event] = []
    private let keepsEvents: Bool

    /// An empty log.
    package init(keepsEvents: Bool = false) { self.keepsEvents = keepsEvents }

    /// Takes note of an event.
    package mutating func note(_ kind: Kind, at nanoseconds: UInt64, _ numbers: Int...) {
        count += 1
        mix(nanoseconds)
        for byte in kind.rawValue.utf8 { mix(UInt64(byte)) }
        for number in numbers { mix(UInt64(bitPattern: Int64(number))) }
        guard keepsEvents else { return }
        events.append(Event(nanoseconds: nanoseconds, kind: kind, numbers: numbers))
    }

    /// Where two runs part, in words; nothing when they are the same.
    package func difference(from other: RunLog) -> String? {
        guard digest != other.digest || count != other.count else { return nil }
        for (index, (one, two)) in zip(events, other.events).enumerated() where one != two {
            let before = events[..<index].suffix(3).map(\.description).joined(separator: "; ")
            return "event \(index) is \(one), and was \(two), after \(before)"
        }
        return "\(count) events, and there were \(other.count)"
    }

    private mutating func mix(_ number: UInt64) {
        digest = (digest ^ number) &* 0x100_0000_01b3
        digest ^= digest >> 29
    }
}
