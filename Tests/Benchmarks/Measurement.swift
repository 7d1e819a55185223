/// One server, one setting, one workload, one client, one round.
struct Measurement: Codable, Sendable {
    let round: Int
    let server: String
    let setting: String
    let workload: String
    let client: String
    let operations: UInt64
    let iops: Double
    let p50Microseconds: Double
    let p99Microseconds: Double
    let p999Microseconds: Double
    /// Processor seconds of the server for a million requests.
    let serverSecondsPerMillion: Double
}

extension [Double] {
    /// The middle value, or the mean of the two in the middle; nothing of nothing.
    var median: Double? {
        guard !isEmpty else { return nil }
        let ordered = sorted()
        let middle = count / 2
        return count % 2 == 1 ? ordered[middle] : (ordered[middle - 1] + ordered[middle]) / 2
    }
}
