import Foundation
import Glibc

/// Measures with fio's nbd engine.
struct FioClient {
    let program: String
    let workspace: Workspace

    /// What fio reported.
    struct Outcome {
        let operations: UInt64
        let seconds: Double
        let iops: Double
        /// Microseconds at 50, 99 and 99.9 percent.
        let latencies: [Double]
    }

    private struct Report: Decodable {
        let jobs: [Job]
    }

    private struct Job: Decodable {
        let error: Int
        let read: Direction
        let write: Direction
    }

    private struct Direction: Decodable {
        struct Latency: Decodable {
            let percentile: [String: Double]?
        }

        let totalOperations: UInt64
        let iops: Double
        let milliseconds: Double
        let completion: Latency

        enum CodingKeys: String, CodingKey {
            case totalOperations = "total_ios"
            case iops
            case milliseconds = "runtime"
            case completion = "clat_ns"
        }
    }

    /// Runs one workload for a time.
    func run(_ workload: Workload, on server: RunningServer, seconds: Double) throws -> Outcome {
        let output = workspace.path("fio.json")
        let log = workspace.path("fio.log")
        let socket = "nbd+unix:///\(server.exportName)?socket=\(server.socketPath)"
        let process = try workspace.start(
            [
                program, "--name=benchmark", "--ioengine=nbd", "--uri=\(socket)",
                "--rw=\(mode(of: workload))", "--bs=\(workload.blockBytes)",
                "--iodepth=\(workload.depth)", "--time_based",
                "--runtime=\(Int(seconds * 1000))ms", "--norandommap", "--randrepeat=0",
                "--output-format=json", "--output=\(output)",
            ],
            outputPath: log
        )
        let code = ChildProcess.awaitExit(of: process)
        workspace.forget(process)
        guard code == 0, let data = FileManager.default.contents(atPath: output) else {
            throw BenchmarkError("fio ended with code \(code): \(words(log))")
        }
        guard let job = try JSONDecoder().decode(Report.self, from: data).jobs.first, job.error == 0
        else { throw BenchmarkError("fio met an error: \(words(log))") }
        let direction = workload.operation == .read ? job.read : job.write
        let percentile = direction.completion.percentile ?? [:]
        return Outcome(
            operations: direction.totalOperations,
            seconds: direction.milliseconds / 1000,
            iops: direction.iops,
            latencies: ["50.000000", "99.000000", "99.900000"].map {
                (percentile[$0] ?? .nan) / 1000
            }
        )
    }

    private func mode(of workload: Workload) -> String {
        (workload.pattern == .random ? "rand" : "")
            + (workload.operation == .read ? "read" : "write")
    }

    private func words(_ log: String) -> String {
        let data = FileManager.default.contents(atPath: log) ?? Data()
        return String(decoding: data.suffix(1000), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
            .replacingOccurrences(of: "\n", with: " ")
    }
}
