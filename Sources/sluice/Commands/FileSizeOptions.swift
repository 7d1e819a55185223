import ArgumentParser
import Reconciliation

/// The option that says how large a file may be, of all commands that read files.
struct FileSizeOptions: ParsableArguments {
    @Option(
        name: .customLong("file-size-max"),
        help: ArgumentHelp(
            "Largest file that is read, such as 16MiB (default 1MiB, at most 1GiB).",
            valueName: "size"
        )
    )
    var size: SizeArgument?

    /// Largest file, in bytes.
    var fileBytesMax: Int { size?.bytes ?? DocumentLimits.fileBytesUsual }

    func validate() throws {
        guard (1...DocumentLimits.fileBytesLargest).contains(fileBytesMax) else {
            throw ValidationError("--file-size-max wants a size from 1 byte to 1GiB")
        }
    }
}

/// A size on the command line: bytes, or a number with `KiB`, `MiB` or `GiB`.
struct SizeArgument: ExpressibleByArgument {
    /// The size in bytes.
    let bytes: Int

    private static let units: [(suffix: String, bytes: Int)] = [
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("", 1),
    ]

    init?(argument: String) {
        guard let unit = Self.units.first(where: { argument.hasSuffix($0.suffix) }),
            let count = Int(argument.dropLast(unit.suffix.count)), count >= 0
        else { return nil }
        let (bytes, isTooLarge) = count.multipliedReportingOverflow(by: unit.bytes)
        guard !isTooLarge else { return nil }
        self.bytes = bytes
    }
}
