import ArgumentParser
import ControlAPI
import GraphModel
import Reconciliation

/// `sluice fmt`: one layout for everybody's files; what they say never changes.
struct FmtCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fmt",
        abstract: "Lays files out: indentation, spaces, empty lines; keeps comments and order.",
        discussion: """
            Files are written in place, whole or not at all, and only when the text before and the \
            text after say the same. With - standard input is laid out on standard output.
            Exit 0: done, 1: --check found files to lay out, 65: cannot be laid out, \
            66: cannot be read.
            """
    )

    @Argument(
        help: "Files and directories; - is standard input.",
        completion: .file(extensions: ["yaml", "yml"])
    )
    var paths: [String]

    @Flag(help: "Write nothing; name the files that would change, and end with 1 if there are any.")
    var check = false

    @Flag(help: "Write nothing; print what would change.")
    var diff = false

    @Option(
        help: ArgumentHelp("How many spaces a tab of indentation stands for.", valueName: "spaces")
    )
    var tabs: Int?

    @OptionGroup var fileSize: FileSizeOptions

    func validate() throws {
        if let tabs, !(1...16).contains(tabs) {
            throw ValidationError("--tabs wants a number of spaces from 1 to 16.")
        }
    }

    func run() throws {
        let source = ConfigurationSource(paths: paths, fileBytesMax: fileSize.fileBytesMax)
        report(source.faults, lines: source.lines)
        var status = source.faults.isEmpty ? ExitStatus.done : .sourceMissing
        var changed = 0
        for text in source.texts {
            let formatted: [UInt8]
            do throws(FormatError) {
                formatted = try DocumentFormat.formatted(
                    text,
                    tabSpaces: tabs,
                    limits: source.limits
                )
            } catch {
                report(
                    error.findings,
                    lines: SourceLines([(error.text.path, error.text.bytes)])
                )
                status = .invalid
                continue
            }
            let isStandardInput = text.path == ConfigurationSource.standardInput
            if formatted != text.bytes { changed += 1 }
            if check || diff {
                show(text, formatted)
            } else if isStandardInput {
                Terminal.print(String(decoding: formatted, as: UTF8.self))
            } else if formatted != text.bytes {
                guard let reason = write(formatted, over: text) else { continue }
                Terminal.note("error: \(text.path) is not written: \(reason)\n")
                status = .failure
            }
        }
        try end(with: status)
        if check, changed > 0 { try end(with: .failure) }
    }

    private func show(_ text: ConfigurationText, _ formatted: [UInt8]) {
        guard formatted != text.bytes else { return }
        if diff {
            let difference = TextDifference.unified(text.bytes, formatted, path: text.path)
            Terminal.print(coloured(difference))
        } else {
            Terminal.print(text.path + "\n")
        }
    }

    private func coloured(_ difference: String) -> String {
        let palette = Palette(isOn: Terminal.hasColour)
        guard palette.isOn else { return difference }
        return difference.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            switch line.first {
            case "+": palette.paint(String(line), .add)
            case "-": palette.paint(String(line), .remove)
            case "@": palette.paint(String(line), .rename)
            default: String(line)
            }
        }.joined(separator: "\n")
    }

    /// Replaces a file's contents; says why not, when it could not.
    private func write(_ bytes: [UInt8], over text: ConfigurationText) -> String? {
        do throws(FileReplacementError) {
            try FileReplacement.replace(text.path, expecting: text.bytes, with: bytes)
            return nil
        } catch {
            return error.reason
        }
    }
}
