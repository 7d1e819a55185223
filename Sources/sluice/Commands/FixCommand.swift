import ArgumentParser
import ControlAPI
import GraphModel
import Reconciliation

/// `sluice fix`: shows or writes an edit that mends a finding.
struct FixCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fix",
        abstract: "Shows or writes an edit that mends a finding.",
        discussion: """
            `sluice fix PATH` lists the fixes of all findings, with the numbers that `validate` and \
            `plan` print. `sluice fix N PATH` writes number N into the files; with --print it only \
            shows the edit. Each fix was tried on a copy before it is offered.
            """
    )

    @Argument(help: "The number of a fix, then files and directories as `validate` was given.")
    var words: [String]

    @Flag(name: .customLong("print"), help: "Show the edit, write nothing.")
    var isShown = false

    @Option(
        help: ArgumentHelp(
            "What is live, for fixes of renames: empty, a path, @N or a daemon's socket.",
            valueName: "live"
        )
    )
    var live: String?

    @OptionGroup var fileSize: FileSizeOptions
    @OptionGroup var control: ControlOptions

    private var number: Int? { words.first.flatMap { Int($0) } }
    private var paths: [String] { number == nil ? words : Array(words.dropFirst()) }

    func validate() throws {
        guard !paths.isEmpty else { throw ValidationError("name the files: sluice fix N PATH") }
    }

    func run() throws {
        let source = ConfigurationSource(paths: paths, fileBytesMax: fileSize.fileBytesMax)
        guard source.faults.isEmpty else {
            report(source.faults, lines: source.lines)
            return try end(with: .sourceMissing)
        }
        let read = source.configuration
        let fixes = source.fixes(of: read, plan: try plan(read))
        guard let number else { return list(fixes) }
        guard fixes.all.indices.contains(number - 1) else {
            Terminal.note("error: there is no fix \(number); \(fixes.all.count) were found\n")
            throw ExitCode(ExitStatus.usage.rawValue)
        }
        try write(fixes.all[number - 1], source.texts)
    }

    private func plan(_ read: Configuration) throws -> Plan? {
        guard let live, read.verdict != .invalid else { return nil }
        do throws(LiveGraphError) {
            let origin = try LiveGraphSource(
                named: live,
                control: control,
                fileBytesMax: fileSize.fileBytesMax
            )
            let wished =
                origin.isAnchored
                ? read.description.anchored(at: baseDirectory(of: paths)) : read.description
            return Plan(live: origin.description, desired: wished, marks: read.marks)
        } catch {
            report(error.findings, lines: error.lines)
            throw ExitCode(error.status.rawValue)
        }
    }

    private func list(_ fixes: FixList) {
        var number = 1
        for fix in fixes.all {
            let place = fix.place.map { "\($0.file):\($0.line)" } ?? ""
            Terminal.print("\(number)  \(fix.title)  \(place)  \(fix.what)\n")
            number += 1
        }
        if number == 1 { Terminal.note("No fix is known.\n") }
    }

    private func write(_ fix: ProposedFix, _ texts: [ConfigurationText]) throws {
        guard let edited = FixFinder.apply(fix.edits, to: texts) else {
            Terminal.note("error: the edit does not fit the files; nothing was written\n")
            throw ExitCode(ExitStatus.failure.rawValue)
        }
        for (before, after) in zip(texts, edited) where before.bytes != after.bytes {
            Terminal.print(
                TextDifference.unified(before.bytes, after.bytes, path: before.path)
            )
            guard !isShown, before.path != ConfigurationSource.standardInput else { continue }
            do throws(FileReplacementError) {
                try FileReplacement.replace(before.path, expecting: before.bytes, with: after.bytes)
            } catch {
                Terminal.note("error: \(before.path) was not written: \(error.reason)\n")
                throw ExitCode(ExitStatus.failure.rawValue)
            }
        }
    }
}
