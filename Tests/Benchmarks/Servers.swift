import Foundation
import Glibc

/// A server as it is set up for a measurement.
struct ServerSetting: Sendable {
    /// Where a launch finds and leaves its files.
    struct Site {
        let workspace: Workspace
        /// The files under the disk, the lowest layer first.
        let layers: [String]
        let isQcow2: Bool
        let socketPath: String
    }

    /// What to run.
    struct Launch {
        let arguments: [String]
        /// Written by a server that leaves its parent; the program that was started then ends.
        var processFile: String?
    }

    static let exportName = "disk"
    /// The server that is compared with the others.
    static let subjectName = "sluice"

    let server: String
    let name: String
    let program: String
    let launch: @Sendable (Site) throws -> Launch

    /// The peers that can be named in `--peers`.
    static let peerNames = ["qemu-storage-daemon", "nbdkit", "nbd-server", bareName]
    /// The loop of plain system calls that shows what the machine allows.
    static let bareName = "bare"

    /// Sluice, one node and one export.
    static func sluice(program: String) -> ServerSetting {
        ServerSetting(server: subjectName, name: "file", program: program) { site in
            let configuration = site.workspace.path("sluice.yaml")
            try write(
                """
                sluice: 1
                listeners:
                  local: {type: nbd, address: "unix:\(site.socketPath)"}
                nodes:
                \(nodes(site))
                exports:
                  disk: {type: nbd, node: disk\(site.layers.count - 1), name: disk, writable: true}

                """,
                to: configuration
            )
            let state = site.workspace.path("state")
            try FileManager.default.createDirectory(
                atPath: state,
                withIntermediateDirectories: true
            )
            return Launch(arguments: [
                program, "serve", configuration, "--state-dir", state,
                "--control", "\(state)/control.sock", "--no-watch",
            ])
        }
    }

    /// Whether a server understands what lies under a disk.
    func serves(_ shape: ImageShape) -> Bool {
        !shape.isQcow2 || server == Self.subjectName || server == "qemu-storage-daemon"
    }

    private static func nodes(_ site: Site) -> String {
        site.layers.enumerated().map { layer, path in
            let file = "driver: file, filename: \"\(path)\""
            guard site.isQcow2 else { return "  disk\(layer): {\(file)}" }
            let backing = layer > 0 ? "disk\(layer - 1)" : "null"
            let isTop = layer == site.layers.count - 1
            return "  disk\(layer): {driver: qcow2, backing: \(backing), read-only: \(!isTop), "
                + "file: {\(file)}}"
        }.joined(separator: "\n")
    }

    /// Every setting of a peer; the better one counts.
    static func settings(ofPeer name: String, program: String) -> [ServerSetting] {
        switch name {
        case "qemu-storage-daemon":
            [false, true].map { storageDaemon(program: program, iothread: $0) }
        case "nbdkit":
            [1, 16].map { nbdkit(program: program, threads: $0) }
        case bareName:
            [bare(program: program)]
        default:
            [nbdServer(program: program)]
        }
    }

    private static func storageDaemon(program: String, iothread: Bool) -> ServerSetting {
        ServerSetting(
            server: "qemu-storage-daemon",
            name: iothread ? "iothread" : "main loop",
            program: program
        ) { site in
            let kind = site.isQcow2 ? "q" : "f"
            let node = "\(kind)\(site.layers.count - 1)"
            let export = "type=nbd,id=e,node-name=\(node),name=\(exportName),writable=on"
            return Launch(
                arguments: [program]
                    + (iothread ? ["--object", "iothread,id=io0"] : [])
                    + blockDevices(site) + [
                        "--nbd-server", "addr.type=unix,addr.path=\(site.socketPath)",
                        "--export", export + (iothread ? ",iothread=io0" : ""),
                    ]
            )
        }
    }

    private static func blockDevices(_ site: Site) -> [String] {
        site.layers.enumerated().flatMap { layer, path in
            let rights = layer == site.layers.count - 1 ? "" : ",read-only=on"
            let file =
                "driver=file,node-name=f\(layer),filename=\(path),aio=io_uring,cache.direct=off"
            guard site.isQcow2 else { return ["--blockdev", file + rights] }
            let backing = layer > 0 ? ",backing=q\(layer - 1)" : ""
            let format = "driver=qcow2,node-name=q\(layer),file=f\(layer)"
            return ["--blockdev", file + rights, "--blockdev", format + backing + rights]
        }
    }

    private static func bare(program: String) -> ServerSetting {
        ServerSetting(server: bareName, name: "loop", program: program) { site in
            Launch(arguments: [program, "bare-server", site.socketPath, site.layers[0]])
        }
    }

    private static func nbdkit(program: String, threads: Int) -> ServerSetting {
        ServerSetting(server: "nbdkit", name: "-t \(threads)", program: program) { site in
            Launch(arguments: [
                program, "--foreground", "--unix", site.socketPath, "--threads", "\(threads)",
                "file", site.layers[0],
            ])
        }
    }

    private static func nbdServer(program: String) -> ServerSetting {
        ServerSetting(server: "nbd-server", name: "default", program: program) { site in
            let configuration = site.workspace.path("nbd-server.conf")
            try write(
                """
                [generic]
                unixsock = \(site.socketPath)
                [\(exportName)]
                exportname = \(site.layers[0])
                flush = true
                fua = true

                """,
                to: configuration
            )
            let processFile = site.workspace.path("nbd-server.pid")
            // Not with -d: that serves one connection and ends, and fio makes several.
            return Launch(
                arguments: [program, "-C", configuration, "-p", processFile],
                processFile: processFile
            )
        }
    }

    private static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }
}
