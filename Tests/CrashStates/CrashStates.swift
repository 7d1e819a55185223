import Glibc

/// The long form: looks at so many states and says what was found.
@main
struct CrashStates {
    static func main() async throws {
        let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        let wanted = numbers.first ?? 500_000
        var suite = try CrashSuite(
            choices: 3,
            firstSeed: UInt64(numbers.dropFirst().first ?? 0),
            checkRate: 500
        )
        suite.isTalkative = wanted < 1000
        var hasFaults = false
        for (title, tally) in [
            ("sequences", try await suite.sequences(wanted / 2)),
            ("random", try await suite.random(wanted / 2)),
        ] {
            print(title, tally.text)
            for fault in tally.faults { print("  FAULT", fault) }
            hasFaults = hasFaults || !tally.faults.isEmpty
        }
        exit(hasFaults ? 1 : 0)
    }
}
