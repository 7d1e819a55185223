import Foundation
import Glibc

/// A server that accepts connections.
struct RunningServer {
    let socketPath: String
    let exportName: String
    /// The process whose processor time counts.
    let process: pid_t

    private static let readySecondsMax = 10

    /// Starts a server and waits until it accepts.
    static func start(
        _ setting: ServerSetting,
        image: LayeredImage,
        in workspace: Workspace
    ) throws -> RunningServer {
        let site = ServerSetting.Site(
            workspace: workspace,
            layers: image.paths,
            isQcow2: image.shape.isQcow2,
            socketPath: workspace.path("nbd.sock")
        )
        unlink(site.socketPath)  // nbdkit and nbd-server leave theirs behind
        let launch = try setting.launch(site)
        if let file = launch.processFile { unlink(file) }
        let log = workspace.path("server.log")
        var process = try workspace.start(launch.arguments, outputPath: log)
        if let file = launch.processFile {
            _ = ChildProcess.awaitExit(of: process)
            workspace.forget(process)
            process = try daemonProcess(file, name: setting.server)
            workspace.adopt(process)
        }
        for _ in 0..<readySecondsMax * 100 {
            if NBDConnection.accepts(socketPath: site.socketPath) {
                return RunningServer(
                    socketPath: site.socketPath,
                    exportName: ServerSetting.exportName,
                    process: process
                )
            }
            if let code = ChildProcess.exitCode(of: process) {
                workspace.forget(process)
                throw BenchmarkError(
                    "\(setting.server) ended with code \(code): \(lastWords(log))"
                )
            }
            usleep(10_000)
        }
        workspace.end(process)
        throw BenchmarkError(
            "\(setting.server) did not accept within \(readySecondsMax) s: \(lastWords(log))"
        )
    }

    /// A server that somebody else started, at `unix:/path:exportname`.
    init(uri: String) throws {
        let parts = uri.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "unix", !parts[1].isEmpty else {
            throw BenchmarkError("\(uri) is not of the form unix:/path/of/socket:exportname")
        }
        socketPath = String(parts[1])
        exportName = String(parts[2])
        let connection = try NBDConnection.open(
            socketPath: socketPath,
            exportName: exportName,
            wantsStructuredReplies: false
        )
        guard let process = connection.serverProcess else {
            throw BenchmarkError("the kernel does not name the process behind \(parts[1])")
        }
        self.process = process
    }

    private init(socketPath: String, exportName: String, process: pid_t) {
        self.socketPath = socketPath
        self.exportName = exportName
        self.process = process
    }

    private static func daemonProcess(_ file: String, name: String) throws(BenchmarkError) -> pid_t
    {
        for _ in 0..<readySecondsMax * 100 {
            if let data = FileManager.default.contents(atPath: file),
                let process = pid_t(
                    String(decoding: data, as: UTF8.self).trimmingCharacters(
                        in: .whitespacesAndNewlines
                    )
                )
            {
                return process
            }
            usleep(10_000)
        }
        throw BenchmarkError("\(name) did not tell its process in \(file)")
    }

    private static func lastWords(_ log: String) -> String {
        let data = FileManager.default.contents(atPath: log) ?? Data()
        return String(decoding: data.suffix(1000), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
