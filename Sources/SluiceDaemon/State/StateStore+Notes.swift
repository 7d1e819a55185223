internal import GraphModel

/// A person's order to leave the live graph alone for a while.
package struct HoldOrder: Hashable, Sendable {
    /// When it ends, in seconds since 1970.
    package let untilUnixSeconds: Int64
    /// Why, in the person's words.
    package let reason: String

    /// An order.
    package init(untilUnixSeconds: Int64, reason: String) {
        self.untilUnixSeconds = untilUnixSeconds
        self.reason = reason
    }
}

// Small facts that a restart must not forget, one file each.
extension StateStore {
    private static let holdFile = "hold.json"
    /// Seconds since 1970 that the end of an order can be, to the year 9999.
    private static let holdEnds: ClosedRange<Int64> = 0...253_402_300_799
    private static let quarantineFile = "quarantine.json"

    /// The order that was kept; `nil` when there is none.
    package var hold: HoldOrder? {
        guard let json = note(Self.holdFile), let until = json["untilUnixSeconds"]?.integer,
            Self.holdEnds.contains(until)
        else { return nil }
        return HoldOrder(untilUnixSeconds: until, reason: json["reason"]?.text ?? "")
    }

    /// Keeps an order, or forgets it.
    package func keep(_ hold: HoldOrder?) throws(StateError) {
        guard let hold else { return directory.remove(Self.holdFile) }
        let json: JSONValue = [
            "untilUnixSeconds": .integer(hold.untilUnixSeconds), "reason": .text(hold.reason),
        ]
        try directory.replace(Self.holdFile, with: json.compactBytes)
    }

    /// Digests that are not tried again, with the reason.
    package var quarantine: [String: String] {
        let members = note(Self.quarantineFile)?.members ?? []
        return Dictionary(
            members.compactMap { member in member.value.text.map { (member.key, $0) } },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// Keeps the digests that are not tried again.
    package func keep(quarantine: [String: String]) throws(StateError) {
        guard !quarantine.isEmpty else { return directory.remove(Self.quarantineFile) }
        let json = JSONValue.object(
            quarantine.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .text($0.value)) }
        )
        try directory.replace(Self.quarantineFile, with: json.compactBytes)
    }

    /// A note that cannot be read is as good as none: it only ever holds something back.
    private func note(_ name: String) -> JSONValue? {
        guard let bytes = (try? directory.read(name)) ?? nil else { return nil }
        return try? JSONValue(json: bytes)
    }
}
