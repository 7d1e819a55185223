/// A ratio that the project set itself, and what became of it.
struct Mark {
    /// What is compared.
    enum Figure: String {
        case iops = "IOPS"
        case processorTime = "CPU"
    }

    let client: String
    let peer: String
    let workload: String
    let figure: Figure
    /// Least ratio for IOPS, greatest for processor time.
    let bound: Double

    static let all = raw + qcow2

    /// The marks of issue 5: against the original, over the same images.
    private static let qcow2: [Mark] = Workload.qcow2.flatMap { workload in
        ["own", "fio"].flatMap { client in
            let isRandom = workload.pattern == .random
            let processorTime = Mark(
                client: client,
                peer: "qemu-storage-daemon",
                workload: workload.name,
                figure: .processorTime,
                bound: 0.5
            )
            let iops = Mark(
                client: client,
                peer: "qemu-storage-daemon",
                workload: workload.name,
                figure: .iops,
                bound: isRandom ? 2 : 1.5
            )
            return isRandom ? [iops, processorTime] : [iops]
        }
    }

    /// The marks of issue 2.
    private static let raw: [Mark] =
        own("qemu-storage-daemon", [1.1, 4, 4, 2.7, 1.9])
        + [
            ("read-4k-qd32", 0.25), ("write-4k-qd32", 0.25), ("read-1m-qd4", 0.15),
        ].map { workload, bound in
            Mark(
                client: "own",
                peer: "qemu-storage-daemon",
                workload: workload,
                figure: .processorTime,
                bound: bound
            )
        }
        + own("nbdkit", [1, 2.4, 2.2, 1.7, 1])
        + each(client: "fio", peer: "qemu-storage-daemon", bounds: [1.15, 1.8, 1.8, 2.1, 1.8])
        + each(client: "fio", peer: "nbdkit", bounds: [1, 1, 1, 1, 1])
        + each(client: "fio", peer: "nbd-server", bounds: [1, 1, 1, 1, 1])

    /// The measured ratio, if both were measured.
    func measured(in results: Results) -> Double? {
        let figure: (Measurement) -> Double =
            self.figure == .iops ? { $0.iops } : { $0.serverSecondsPerMillion }
        return results.ratio(of: figure, to: peer, workload: workload, client: client)
    }

    /// Whether a measured ratio is as good as the mark asks.
    func isMet(by ratio: Double) -> Bool {
        figure == .iops ? ratio >= bound : ratio <= bound
    }

    private static func own(_ peer: String, _ bounds: [Double]) -> [Mark] {
        each(client: "own", peer: peer, bounds: bounds)
    }

    private static func each(client: String, peer: String, bounds: [Double]) -> [Mark] {
        zip(Workload.raw, bounds).map { workload, bound in
            Mark(
                client: client,
                peer: peer,
                workload: workload.name,
                figure: .iops,
                bound: bound
            )
        }
    }
}
