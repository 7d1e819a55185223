import ArgumentParser
import Foundation
import Glibc

/// Measures sluice and its peers over the same file in one run.
@main
struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sluice-benchmark",
        abstract: "Measures sluice, qemu-storage-daemon, nbdkit and nbd-server in turn.",
        discussion: """
            All servers serve the same page-cached files on a Unix socket and are measured in \
            interleaved rounds by fio's nbd engine and by a client of our own, which sends a full \
            queue of requests in one call, receives until all are answered, and never sleeps. Only \
            ratios within one run mean something: the absolute figures move with the machine, most \
            of all with what it costs to wake an idle processor.

            The file is filled by writes of 4 KiB, so that the page cache holds it in small pages, \
            and is written once whole before writes are measured: no server then pays for the \
            first touch of a page, and all pay the same for a write.

            The peer called bare is no product: a loop of plain system calls without a graph, \
            errors or limits. It shows what the machine allows.
            """,
        subcommands: [BareServerCommand.self]
    )

    @Option(help: "The sluice binary, or none; without it, the one beside this program.")
    var sluice: String?

    @Option(help: "Measure a running server at unix:/path:exportname in place of sluice.")
    var uri: String?

    @Option(help: "How often everything is measured.")
    var rounds = 5

    @Option(help: "Seconds of each measurement.")
    var seconds = 3.0

    @Option(help: "Workloads, separated by commas; without it, all.")
    var only: String?

    @Option(help: "Clients, separated by commas.")
    var clients = "own,fio"

    @Option(help: "Peers, separated by commas, or none.")
    var peers = ServerSetting.peerNames.joined(separator: ",")

    @Option(help: "Where the file is made; its file system is part of what is measured.")
    var directory = "/tmp"

    @Flag(help: "One round of half a second over a small file: only to see that it all runs.")
    var short = false

    @Flag(help: "Our own client asks for structured replies.")
    var structured = false

    @Flag(help: "Print the measurements as JSON.")
    var json = false

    private static let imageBytes = 1 << 30
    private static let shortImageBytes = 64 << 20

    mutating func validate() throws {
        if short {
            rounds = 1
            seconds = 0.5
        }
        guard (1...1000).contains(rounds), (0.1...3600).contains(seconds) else {
            throw ValidationError("--rounds is 1 to 1000 and --seconds 0.1 to 3600")
        }
    }

    func run() throws {
        let chosenWorkloads = try workloads()
        let chosenClients = try chosen(clients, from: ["own", "fio"], option: "--clients")
        let settings = try serverSettings()
        let workspace = try Workspace(under: directory)
        workspace.cleanOnSignals()
        defer { workspace.clean() }
        var fio: FioClient?
        if chosenClients.contains("fio") {
            fio = ChildProcess.find("fio").map { FioClient(program: $0, workspace: workspace) }
            if fio == nil { say("fio is not installed: its measurements are left out") }
        }
        let run = BenchmarkRun(
            workspace: workspace,
            images: try images(for: chosenWorkloads, in: workspace),
            settings: settings,
            workloads: chosenWorkloads,
            fio: fio,
            measuresOwnClient: chosenClients.contains("own"),
            wantsStructuredReplies: structured,
            seconds: seconds
        )
        let given = try uri.map { try RunningServer(uri: $0) }
        var measurements: [Measurement] = []
        for round in 0..<rounds {
            measurements += try run.measureRound(round, given: given)
        }
        try print(measurements, workloads: chosenWorkloads, clients: run.clients)
    }

    private func print(
        _ measurements: [Measurement],
        workloads: [Workload],
        clients: [String]
    ) throws {
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            Swift.print(String(decoding: try encoder.encode(measurements), as: UTF8.self))
            return
        }
        let results = Results(
            measurements: measurements,
            subject: uri == nil ? ServerSetting.subjectName : "given"
        )
        let report = Report(results: results, workloads: workloads, clients: clients)
        for table in report.figures { Swift.print(table) }
        for table in report.ratios where !table.isEmpty { Swift.print(table) }
        // Half a second on a busy machine says nothing about speed.
        if !short, !report.marks.isEmpty { Swift.print(report.marks) }
    }

    private func images(
        for workloads: [Workload],
        in workspace: Workspace
    ) throws -> [ImageShape: LayeredImage] {
        let bytes = short ? Self.shortImageBytes : Self.imageBytes
        var images: [ImageShape: LayeredImage] = [:]
        for shape in workloads.map(\.shape) where images[shape] == nil {
            images[shape] = try LayeredImage(shape, bytes: bytes, in: workspace)
        }
        return images
    }

    private func workloads() throws -> [Workload] {
        guard let only else { return Workload.all }
        let names = try chosen(only, from: Workload.all.map(\.name), option: "--only")
        return Workload.all.filter { names.contains($0.name) }
    }

    private func serverSettings() throws -> [ServerSetting] {
        var settings: [ServerSetting] = []
        if uri == nil, sluice != "none" {
            let program = sluice ?? Self.neighbour
            guard access(program, X_OK) == 0 else {
                throw ValidationError(
                    "there is no sluice at \(program): build it, or name it with --sluice"
                )
            }
            settings.append(.sluice(program: program))
        }
        let names = peers == "none" ? "" : peers
        for peer in try chosen(names, from: ServerSetting.peerNames, option: "--peers") {
            let found = peer == ServerSetting.bareName ? Self.itself : ChildProcess.find(peer)
            if let program = found {
                settings += ServerSetting.settings(ofPeer: peer, program: program)
            } else {
                say("\(peer) is not installed: it is left out")
            }
        }
        return settings
    }

    /// The words of a list, each of which must be known.
    private func chosen(_ list: String, from known: [String], option: String) throws -> [String] {
        let words = list.split(separator: ",").map(String.init)
        for word in words where !known.contains(word) {
            throw ValidationError(
                "\(option) does not know \(word); it knows \(known.joined(separator: ", "))"
            )
        }
        return words
    }

    /// The sluice that was built together with this program.
    private static var neighbour: String {
        // Without /proc the message to the user names what is missing.
        ((itself ?? "") as NSString).deletingLastPathComponent + "/sluice"
    }

    private static var itself: String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }

    private func say(_ sentence: String) {
        FileHandle.standardError.write(Data((sentence + "\n").utf8))
    }
}
