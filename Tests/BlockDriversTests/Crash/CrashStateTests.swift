import Foundation
import Testing

/// Suite F: images over disks that lose what was not flushed, sector by sector.
///
/// `SLUICE_CRASH_STATES=n` looks at about so many states; `Tests/CrashStates/run.sh` is faster.
@Suite("Crash states", .enabled(if: TemporaryDirectory.has("qemu-img")))
struct CrashStateTests {
    private static let statesOfAShortRun = 5000

    private static var wanted: Int {
        ProcessInfo.processInfo.environment["SLUICE_CRASH_STATES"].flatMap(Int.init)
            ?? statesOfAShortRun
    }

    @Test("every sequence of up to three operations leaves a sound image, wherever it is cut")
    func sequences() async throws {
        let tally = try await CrashSuite(choices: 1).sequences(Self.wanted / 2)
        print("crash states of sequences: \(tally.text)")
        #expect(tally.faults == [])
        #expect(tally.recordings >= CrashSuite.kinds.count)
    }

    @Test("what was found by long runs stays mended")
    func kept() async throws {
        // A flush after which no mapping table was to be written left a data file out.
        let numbers: [UInt64] = [2_002_047, 2_002_583]
        let tally = try await CrashSuite(choices: 6).sequences(numbered: numbers)
        #expect(tally.faults == [])
        #expect(tally.recordings == numbers.count)
    }

    @Test("many operations at a time leave a sound image, wherever they are cut")
    func random() async throws {
        let tally = try await CrashSuite(choices: 1).random(Self.wanted / 2)
        print("crash states of random operations: \(tally.text)")
        #expect(tally.faults == [])
        #expect(tally.states >= Self.wanted / 2)
    }
}
