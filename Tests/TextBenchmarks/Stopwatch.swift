import Glibc

/// Times of work, and memory of the process.
enum Stopwatch {
    /// Shortest time of some rounds, in seconds of the processor.
    ///
    /// The work is one thread's and never waits, so that this is the time that a person would wait
    /// on a quiet machine, and nearly the same on a busy one.
    static func seconds<Value>(rounds: Int, _ work: () -> Value) -> Double {
        var best = Double.infinity
        for _ in 0..<max(1, rounds) {
            let start = now()
            withExtendedLifetime(work()) { best = min(best, now() - start) }
        }
        return best
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The most memory that the process had so far, in bytes.
    static var peakBytes: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }
}
