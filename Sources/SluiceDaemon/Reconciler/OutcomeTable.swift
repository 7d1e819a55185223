/// What became of configurations and commits, the newest thousand.
struct OutcomeTable: Hashable, Sendable {
    /// What can become of one.
    enum Outcome: Hashable, Sendable {
        /// It was live, first in this generation.
        case live(UInt64)
        /// It was refused for good, with the reason.
        case rejected(String)
        /// Another came before it was live.
        case superseded(by: String)
    }

    private static let countMax = 1_000

    private var outcomes: [String: Outcome] = [:]
    private var order: [String] = []

    /// Takes note; what was live once stays so.
    mutating func note(_ outcome: Outcome, of key: String) {
        guard !key.isEmpty else { return }
        if case .live = outcomes[key] { return }
        if outcomes.updateValue(outcome, forKey: key) == nil { order.append(key) }
        guard order.count > Self.countMax else { return }
        for old in order[..<(Self.countMax / 4)] { outcomes[old] = nil }
        order.removeFirst(Self.countMax / 4)
    }

    /// Takes note, whatever was known before.
    mutating func set(_ outcome: Outcome, of key: String) {
        outcomes[key] = nil
        order.removeAll { $0 == key }
        note(outcome, of: key)
    }

    /// What became of a digest or commit, of which at least seven digits are given.
    func outcome(of start: String) -> Outcome? {
        if let outcome = outcomes[start] { return outcome }
        guard start.count >= 7 else { return nil }
        return order.last { $0.hasPrefix(start) }.flatMap { outcomes[$0] }
    }
}
