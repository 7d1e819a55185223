import Glibc
import GraphModel
import Reconciliation

/// `sluice-text-benchmark`: reading and planning, as ratios to the floor, in one run.
///
/// A ratio says the same on every machine; a time does not. With `--check` the command fails when a
/// mark is missed, so that it can stand in a pipeline with a small configuration.
@main
struct TextBenchmark {
    private var nodeCount = 100_000
    private var rounds = 3
    private var isChecked = false
    private var largestNodeCount = 0
    private var isReadingOnly = false
    private var failures: [String] = []

    static func main() {
        var benchmark = TextBenchmark()
        benchmark.readArguments()
        benchmark.run()
        exit(benchmark.failures.isEmpty || !benchmark.isChecked ? 0 : 1)
    }

    private mutating func readArguments() {
        var arguments = CommandLine.arguments.dropFirst()
        while let argument = arguments.popFirst() {
            switch argument {
            case "--nodes": nodeCount = number(arguments.popFirst())
            case "--rounds": rounds = number(arguments.popFirst())
            case "--growth-to": largestNodeCount = number(arguments.popFirst())
            case "--check": isChecked = true
            case "--reading-only": isReadingOnly = true
            default:
                print(
                    """
                    usage: sluice-text-benchmark [--nodes N] [--rounds N] [--growth-to N] [--check]

                      --nodes N      size of the configuration (100000)
                      --rounds N     each figure is the best of so many (3)
                      --growth-to N  also plan ten times as many nodes, and so on up to N
                      --check        exit 1 when a mark is missed
                      --reading-only leave planning out
                    """
                )
                exit(argument == "--help" ? 0 : 64)
            }
        }
    }

    private func number(_ text: String?) -> Int {
        guard let text, let number = Int(text), number > 0 else {
            print("a whole number is missing")
            exit(64)
        }
        return number
    }

    private mutating func run() {
        measureReading(fileCount: 1_000, files: "1,000 files")
        measureMemory()
        measureReading(fileCount: 1, files: "one file")
        if !isReadingOnly {
            measurePlan()
            measureDifference()
        }
        for failure in failures { print("missed: \(failure)") }
    }

    private func limits(_ made: GeneratedConfiguration) -> DocumentLimits {
        let largest = made.texts.map(\.bytes.count).max() ?? 0
        return DocumentLimits(fileBytesMax: max(1 << 20, largest))
    }

    private mutating func measureReading(fileCount: Int, files: String) {
        let made = GeneratedConfiguration(nodeCount: nodeCount, fileCount: fileCount)
        let limits = limits(made)
        let floor = Stopwatch.seconds(rounds: rounds) { EventLoop.count(made.texts) }
        let reading = Stopwatch.seconds(rounds: rounds) {
            Configuration(texts: made.texts, limits: limits)
        }
        let read = Configuration(texts: made.texts, limits: limits)
        guard read.verdict == .valid, read.description.nodes.count == made.nodeCount else {
            fatalError("the made configuration is not valid: \(read.diagnostics)")
        }
        print("\(made.nodeCount) nodes in \(files), \(made.lengthBytes) bytes")
        print("  events alone      \(milliseconds(floor))")
        print("  validate          \(milliseconds(reading))")
        judge("validate / events", reading / floor, atMost: 2.5)
    }

    /// Peak of everything so far: texts, and one graph at a time.
    private mutating func measureMemory() {
        let bytes = Double(Stopwatch.peakBytes) / Double(nodeCount)
        judge("peak memory in bytes a node", bytes, atMost: 2_048)
    }

    private mutating func measurePlan() {
        let before = GeneratedConfiguration(nodeCount: nodeCount, fileCount: 1_000)
        let after = GeneratedConfiguration(
            nodeCount: nodeCount,
            fileCount: 1_000,
            changedChains: 10
        )
        let validate = Stopwatch.seconds(rounds: rounds) { Configuration(texts: before.texts) }
        let plan = Stopwatch.seconds(rounds: rounds) {
            let live = Configuration(texts: before.texts)
            let desired = Configuration(texts: after.texts)
            let plan = Plan(
                live: live.resolved ?? .empty,
                desired: desired.resolved ?? .empty,
                marks: desired.marks,
                liveMarks: live.marks
            )
            // Both sides are let go after the clock has stopped, as in `validate`.
            return (live, desired, plan)
        }
        print("plan of 10 changed nodes, both sides read")
        print("  validate          \(milliseconds(validate))")
        print("  plan              \(milliseconds(plan))")
        judge("plan / two validates", plan / (2 * validate), atMost: 1.5)
    }

    private mutating func measureDifference() {
        let first = difference(nodeCount)
        print("difference and plan alone, 10 changed nodes")
        print("  \(nodeCount) nodes    \(milliseconds(first))")
        judge("difference and plan in milliseconds", first * 1_000, atMost: 150)
        var count = nodeCount
        while count * 10 <= largestNodeCount {
            count *= 10
            let time = difference(count)
            print("  \(count) nodes   \(milliseconds(time))")
            judge("growth over linear", time / first * Double(nodeCount) / Double(count), atMost: 1)
        }
    }

    private func difference(_ count: Int) -> Double {
        let live = Configuration(
            texts: GeneratedConfiguration(nodeCount: count, fileCount: 1_000).texts
        )
        let desired = Configuration(
            texts: GeneratedConfiguration(nodeCount: count, fileCount: 1_000, changedChains: 10)
                .texts
        )
        guard let before = live.resolved, let after = desired.resolved else {
            fatalError("the made configurations are not valid")
        }
        return Stopwatch.seconds(rounds: rounds) {
            Plan(
                live: before,
                desired: after,
                marks: desired.marks,
                liveMarks: live.marks
            )
        }
    }

    private mutating func judge(_ what: String, _ figure: Double, atMost limit: Double) {
        let text = "\(what): \(rounded(figure)) (mark: \(rounded(limit)))"
        print("  \(text)")
        if figure > limit { failures.append(text) }
    }

    private func milliseconds(_ seconds: Double) -> String { "\(rounded(seconds * 1_000)) ms" }

    private func rounded(_ figure: Double) -> String {
        String(Double(Int(figure * 100)) / 100)
    }
}
