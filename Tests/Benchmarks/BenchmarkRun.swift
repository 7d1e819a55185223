import Foundation

/// Measures every setting in turn, round after round.
struct BenchmarkRun {
    let workspace: Workspace
    let images: [ImageShape: LayeredImage]
    let settings: [ServerSetting]
    let workloads: [Workload]
    /// Nothing when fio is not asked for.
    let fio: FioClient?
    let measuresOwnClient: Bool
    let wantsStructuredReplies: Bool
    let seconds: Double

    private static let warmUpNanoseconds: UInt64 = 200_000_000

    var clients: [String] { (measuresOwnClient ? ["own"] : []) + (fio != nil ? ["fio"] : []) }

    /// One round: for each workload and client all settings behind each other, so that what the
    /// machine does besides meets them alike; each round begins with another setting.
    func measureRound(_ round: Int, given: RunningServer?) throws -> [Measurement] {
        var measurements: [Measurement] = []
        for workload in workloads {
            for client in clients {
                if let given {
                    measurements.append(
                        try measure(
                            workload,
                            client: client,
                            on: given,
                            label: ("given", "running", round)
                        )
                    )
                }
                for index in settings.indices {
                    let setting = settings[(index + round) % settings.count]
                    guard setting.serves(workload.shape) else { continue }
                    do {
                        measurements.append(
                            try measure(workload, client: client, setting: setting, round: round)
                        )
                    } catch  where setting.server != ServerSetting.subjectName {
                        // qemu-storage-daemon 7.2 aborts when a client of an export with an
                        // iothread leaves, and fio leaves once before it measures.
                        say("left out: \(error)")
                    }
                }
            }
        }
        return measurements
    }

    private func measure(
        _ workload: Workload,
        client: String,
        setting: ServerSetting,
        round: Int
    ) throws -> Measurement {
        guard let image = images[workload.shape] else {
            throw BenchmarkError("no image was made for \(workload.name)")
        }
        try image.prepare(for: workload)
        image.warm()
        if workload.operation == .write { FreeMemory.touch() }
        let server = try RunningServer.start(setting, image: image, in: workspace)
        defer {
            workspace.end(server.process)
            if workload.operation == .write { image.settle() }
        }
        return try measure(
            workload,
            client: client,
            on: server,
            label: (setting.server, setting.name, round)
        )
    }

    private func measure(
        _ workload: Workload,
        client: String,
        on server: RunningServer,
        label: (server: String, setting: String, round: Int)
    ) throws -> Measurement {
        do {
            let measurement =
                try client == "own"
                ? measureOwn(workload, on: server, label: label)
                : measureFio(workload, on: server, label: label)
            announce(measurement)
            return measurement
        } catch {
            throw BenchmarkError(
                "\(label.server) (\(label.setting)), \(workload.name), client \(client): \(error)"
            )
        }
    }

    private func measureOwn(
        _ workload: Workload,
        on server: RunningServer,
        label: (server: String, setting: String, round: Int)
    ) throws -> Measurement {
        let connection = try NBDConnection.open(
            socketPath: server.socketPath,
            exportName: server.exportName,
            wantsStructuredReplies: wantsStructuredReplies
        )
        var client = BatchingClient(connection: connection, workload: workload)
        var warmUp = LatencyHistogram()
        _ = try client.run(nanoseconds: Self.warmUpNanoseconds, recordingInto: &warmUp)
        var histogram = LatencyHistogram()
        let before = ProcessTree.processorSeconds(below: server.process)
        let interval = try client.run(
            nanoseconds: UInt64(seconds * 1e9),
            recordingInto: &histogram
        )
        let used = ProcessTree.processorSeconds(below: server.process) - before
        return Measurement(
            round: label.round,
            server: label.server,
            setting: label.setting,
            workload: workload.name,
            client: "own",
            operations: interval.operations,
            iops: Double(interval.operations) / (Double(interval.nanoseconds) / 1e9),
            p50Microseconds: Double(histogram.percentile(0.5)) / 1000,
            p99Microseconds: Double(histogram.percentile(0.99)) / 1000,
            p999Microseconds: Double(histogram.percentile(0.999)) / 1000,
            serverSecondsPerMillion: used / Double(interval.operations) * 1e6
        )
    }

    private func measureFio(
        _ workload: Workload,
        on server: RunningServer,
        label: (server: String, setting: String, round: Int)
    ) throws -> Measurement {
        guard let fio else { throw BenchmarkError("fio was not asked for") }
        let before = ProcessTree.processorSeconds(below: server.process)
        let outcome = try fio.run(workload, on: server, seconds: seconds)
        let used = ProcessTree.processorSeconds(below: server.process) - before
        return Measurement(
            round: label.round,
            server: label.server,
            setting: label.setting,
            workload: workload.name,
            client: "fio",
            operations: outcome.operations,
            iops: outcome.iops,
            p50Microseconds: outcome.latencies[0],
            p99Microseconds: outcome.latencies[1],
            p999Microseconds: outcome.latencies[2],
            serverSecondsPerMillion: used / Double(outcome.operations) * 1e6
        )
    }

    /// One line on the error stream, so that a long run shows that it lives.
    private func announce(_ measurement: Measurement) {
        let line = String(
            format: "round %d  %@ %@  %@ %@: %.0f IOPS, p99 %.0f us, %.1f CPU s/million",
            measurement.round + 1,
            measurement.workload,
            measurement.client,
            measurement.server,
            measurement.setting,
            measurement.iops,
            measurement.p99Microseconds,
            measurement.serverSecondsPerMillion
        )
        say(line)
    }

    private func say(_ line: String) {
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }
}
