import Foundation

/// The tables of a run.
struct Report {
    let results: Results
    let workloads: [Workload]
    let clients: [String]

    /// What every server reached, one table for each workload and client.
    var figures: [ReportTable] {
        pairs.map { workload, client in
            var table = ReportTable(
                "\(workload.name), client \(client)",
                columns: [
                    "server", "setting", "IOPS", "p50 us", "p99 us", "p99.9 us", "CPU s/million",
                ]
            )
            for server in results.servers {
                let best = results.best(server, workload: workload.name, client: client)
                guard let setting = best.first?.setting else { continue }
                table.add([
                    server, setting, median(best, \.iops, places: 0),
                    median(best, \.p50Microseconds, places: 0),
                    median(best, \.p99Microseconds, places: 0),
                    median(best, \.p999Microseconds, places: 0),
                    median(best, \.serverSecondsPerMillion, places: 1),
                ])
            }
            return table
        }
    }

    /// The subject against each peer: medians of the ratios of each round.
    var ratios: [ReportTable] {
        results.peers.map { peer in
            var table = ReportTable(
                "\(results.subject) / \(peer)",
                columns: ["workload", "client", "IOPS", "CPU"]
            )
            for (workload, client) in pairs {
                let iops = results.ratio(
                    of: \.iops,
                    to: peer,
                    workload: workload.name,
                    client: client
                )
                let processorTime = results.ratio(
                    of: \.serverSecondsPerMillion,
                    to: peer,
                    workload: workload.name,
                    client: client
                )
                guard iops != nil else { continue }
                table.add([workload.name, client, text(iops, 2), text(processorTime, 2)])
            }
            return table
        }
    }

    /// The marks that could be looked at in this run.
    var marks: ReportTable {
        var table = ReportTable(
            "marks",
            columns: ["against", "client", "workload", "ratio of", "mark", "measured", ""]
        )
        for mark in Mark.all {
            guard let ratio = mark.measured(in: results) else { continue }
            let sign = mark.figure == .iops ? ">=" : "<="
            table.add([
                mark.peer, mark.client, mark.workload, mark.figure.rawValue,
                "\(sign) \(text(mark.bound, 2))", text(ratio, 2),
                mark.isMet(by: ratio) ? "met" : "MISSED",
            ])
        }
        return table
    }

    private var pairs: [(Workload, String)] {
        workloads.flatMap { workload in clients.map { (workload, $0) } }
    }

    private func median(
        _ measurements: [Measurement],
        _ figure: KeyPath<Measurement, Double>,
        places: Int
    ) -> String {
        text(measurements.map { $0[keyPath: figure] }.median, places)
    }

    private func text(_ value: Double?, _ places: Int) -> String {
        value.map { String(format: "%.\(places)f", $0) } ?? "-"
    }
}
