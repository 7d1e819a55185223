/// All measurements of a run, with the questions that are asked of them.
struct Results {
    let measurements: [Measurement]
    /// The server that is compared with the others.
    let subject: String

    /// The servers in the order of their first measurement.
    var servers: [String] {
        measurements.reduce(into: []) { seen, next in
            if !seen.contains(next.server) { seen.append(next.server) }
        }
    }

    var peers: [String] { servers.filter { $0 != subject } }

    /// The measurements of the setting that did most operations in the median round.
    func best(_ server: String, workload: String, client: String) -> [Measurement] {
        let all = measurements.filter {
            $0.server == server && $0.workload == workload && $0.client == client
        }
        return Dictionary(grouping: all, by: \.setting).values.max { first, second in
            (first.map(\.iops).median ?? 0) < (second.map(\.iops).median ?? 0)
        } ?? []
    }

    /// The median over the rounds of the subject's figure divided by the peer's of the same round.
    func ratio(
        of figure: (Measurement) -> Double,
        to peer: String,
        workload: String,
        client: String
    ) -> Double? {
        let theirs = best(peer, workload: workload, client: client)
        return best(subject, workload: workload, client: client).compactMap { ours in
            theirs.first { $0.round == ours.round }.map { figure(ours) / figure($0) }
        }.filter(\.isFinite).median
    }
}
