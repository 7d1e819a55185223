import ArgumentParser
import ControlAPI
import Glibc
import GraphModel
import Reconciliation
import SluiceDaemon

/// `sluice serve`: the daemon.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serves the disks that files describe, and follows the files.",
        discussion: """
            Runs in the foreground and logs to standard error. SIGHUP reads the files again; \
            SIGTERM finishes requests, flushes and ends.
            """
    )

    @Argument(
        help: "Files and directories; all together are one configuration.",
        completion: .file(extensions: ["yaml", "yml"])
    )
    var paths: [String]

    @Option(
        name: .customLong("state-dir"),
        help: ArgumentHelp("Where the last committed graph is kept.", valueName: "directory")
    )
    var stateDirectory: String?

    @OptionGroup var control: ControlOptions

    @Option(
        name: .customLong("read-only-control"),
        help: ArgumentHelp(
            "Socket that answers questions and changes nothing; usually ro.sock beside control.sock.",
            valueName: "socket"
        )
    )
    var readOnlyControl: String?

    @Flag(name: .customLong("no-watch"), help: "Read the files at start and on request only.")
    var ignoresChanges = false

    @Option(
        name: .customLong("log-level"),
        help: ArgumentHelp("debug, info, notice, warning or error.", valueName: "level")
    )
    var logLevel = "info"

    @Option(
        name: .customLong("drain-timeout"),
        help: ArgumentHelp("Longest wait for requests in flight.", valueName: "duration")
    )
    var drainTimeout: DurationArgument?

    @OptionGroup var guards: GuardOptions

    @OptionGroup var fileSize: FileSizeOptions

    func validate() throws {
        guard DaemonConfiguration.logLevels.contains(logLevel) else {
            throw ValidationError(
                "\(logLevel) is no level; there are "
                    + DaemonConfiguration.logLevels.joined(separator: ", ")
            )
        }
    }

    func run() throws {
        var daemon = DaemonConfiguration(
            sources: paths.map(absolute),
            stateDirectory: absolute(stateDirectory ?? Self.state),
            controlSocket: absolute(control.socket),
            watches: !ignoresChanges,
            logLevel: logLevel
        )
        daemon.readOnlySocket =
            readOnlyControl.map(absolute)
            ?? ControlOptions.readOnlySocket(beside: daemon.controlSocket)
        daemon.guards = guards.guards(of: PlanGuards())
        if let drainTimeout { daemon.drainTimeoutNanoseconds = drainTimeout.nanoseconds }
        daemon.fileBytesMax = fileSize.fileBytesMax
        let code = Daemon.serve(daemon)
        if code != 0 { throw ExitCode(code) }
    }

    /// The place of the state for this user.
    private static var state: String {
        if geteuid() == 0 { return "/var/lib/sluice" }
        if let home = environment("XDG_STATE_HOME"), home.hasPrefix("/") { return home + "/sluice" }
        return (environment("HOME") ?? "/tmp") + "/.local/state/sluice"
    }
}

/// A path from the root, without a change of what its links mean.
func absolute(_ path: String) -> String {
    var text = path
    if !path.hasPrefix("/") {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard getcwd(&buffer, buffer.count) != nil else { return path }
        let here = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        text = path == "." ? here : here + "/" + path
    }
    while text.count > 1, text.hasSuffix("/") { text.removeLast() }
    return text
}

/// Directory that relative file names start from: the first path as it was named.
func baseDirectory(of paths: [String]) -> String {
    guard let first = paths.first, first != "-" else { return absolute(".") }
    let path = absolute(first)
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { return path }
    guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
    return String(path[..<slash])
}

/// A duration on the command line, such as `250ms`, `5s`, `2m`, `3h` or `1d`.
struct DurationArgument: ExpressibleByArgument {
    let nanoseconds: UInt64

    /// Whole seconds, at least one.
    var seconds: UInt64 { max(1, nanoseconds / 1_000_000_000) }

    private static let units: [(suffix: String, nanoseconds: UInt64)] = [
        ("ms", 1_000_000), ("us", 1_000), ("ns", 1), ("s", 1_000_000_000), ("m", 60_000_000_000),
        ("h", 3_600_000_000_000), ("d", 86_400_000_000_000),
    ]

    init?(argument: String) {
        guard let unit = Self.units.first(where: { argument.hasSuffix($0.suffix) }),
            let count = UInt64(argument.dropLast(unit.suffix.count)), count <= 1_000_000
        else { return nil }
        let (product, isTooLong) = count.multipliedReportingOverflow(by: unit.nanoseconds)
        guard !isTooLong else { return nil }
        nanoseconds = product
    }
}
