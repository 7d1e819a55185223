import Foundation
import Glibc

/// A process and its descendants, as /proc shows them.
enum ProcessTree {
    /// Seconds used by all threads of a process, its children that live and those it waited for.
    ///
    /// - Note: The kernel counts in ticks of 10 ms, which is the precision of the result.
    static func processorSeconds(below root: pid_t) -> Double {
        let ticks = processes(below: root).reduce(0) { $0 + self.ticks(of: $1) }
        return Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// A process and all that descend from it.
    static func processes(below root: pid_t) -> [pid_t] {
        var found: [pid_t] = []
        var open = [root]
        while let process = open.popLast() {
            found.append(process)
            open += children(of: process)
        }
        return found
    }

    /// utime, stime, cutime and cstime of `/proc/PID/stat`.
    private static func ticks(of process: pid_t) -> UInt64 {
        // The name in parentheses may hold blanks; the numbers follow the last parenthesis.
        let line = text("/proc/\(process)/stat")
        guard let end = line.lastIndex(of: ")") else { return 0 }
        let fields = line[line.index(after: end)...].split(separator: " ")
        return fields.dropFirst(11).prefix(4).reduce(0) { $0 + (UInt64($1) ?? 0) }
    }

    private static func children(of process: pid_t) -> [pid_t] {
        text("/proc/\(process)/task/\(process)/children").split(separator: " ").compactMap {
            pid_t($0)
        }
    }

    /// A process may end while we look at it; then it has no text.
    private static func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
