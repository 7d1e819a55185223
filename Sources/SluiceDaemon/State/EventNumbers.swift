internal import GraphModel

/// Numbers of events, which never repeat: a whole block is written off before its first is given.
struct EventNumbers: Sendable {
    private static let name = "events.json"
    private static let block: UInt64 = 10_000

    private let directory: StateDirectory
    private var next: UInt64
    private var end: UInt64

    /// Goes on behind the last block that any daemon took.
    init(directory: StateDirectory) {
        self.directory = directory
        // Without a readable file numbers begin anew: events of before are gone as well.
        let bytes = ((try? directory.read(Self.name)) ?? nil) ?? []
        let json = try? JSONValue(json: bytes)
        next = UInt64(clamping: json?["next"]?.integer ?? 1)
        end = next
    }

    /// The next number.
    mutating func take() -> UInt64 {
        if next == end {
            end = next + Self.block
            let json: JSONValue = ["next": .integer(Int64(clamping: end))]
            // A disk that cannot be written is told of by the applies that it refuses.
            try? directory.replace(Self.name, with: json.compactBytes)
        }
        defer { next += 1 }
        return next
    }
}
