import Foundation
import Glibc

/// Starts and awaits programs.
enum ChildProcess {
    /// Starts a program with no input; what it prints goes to a file.
    ///
    /// The arguments begin with the program's path.
    static func start(_ arguments: [String], outputPath: String) throws(BenchmarkError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(
            &actions,
            1,
            outputPath,
            O_WRONLY | O_CREAT | O_TRUNC,
            0o600
        )
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // We block the signals that end us; a child must not inherit that.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var words = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        let result = posix_spawn(&process, arguments[0], &actions, &attributes, &words, environ)
        guard result == 0 else {
            throw BenchmarkError(
                "cannot start \(arguments[0]): \(String(cString: strerror(result)))"
            )
        }
        return process
    }

    /// Where a program is found in the search path.
    static func find(_ name: String) -> String? {
        let searchPath = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        return searchPath.split(separator: ":").lazy
            .map { "\($0)/\(name)" }
            .first { access($0, X_OK) == 0 }
    }

    /// The exit code of a process that has ended, and nothing while it runs.
    static func exitCode(of process: pid_t) -> Int32? {
        var status: Int32 = 0
        guard waitpid(process, &status, WNOHANG) == process else { return nil }
        return code(status)
    }

    /// Waits for a process and returns its exit code.
    static func awaitExit(of process: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return code(status)
    }

    /// Waits for a process that was told to end, and kills it when it does not.
    ///
    /// It need not be a child: nbd-server leaves its parent.
    static func awaitEnd(of process: pid_t, killAfterSeconds seconds: Int) {
        for _ in 0..<seconds * 100 {
            if waitpid(process, nil, WNOHANG) > 0 || hasEnded(process) { return }
            usleep(10_000)
        }
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
    }

    /// What the last system call failed with.
    static func reason() -> String { String(cString: strerror(errno)) }

    /// The signals by which a person or a supervisor ends a run.
    static func endingSignals() -> sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, signal) }
        return signals
    }

    /// Whether a process is gone, or dead and not yet collected by its parent.
    private static func hasEnded(_ process: pid_t) -> Bool {
        guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") else {
            return true
        }
        let line = String(decoding: data, as: UTF8.self)
        guard let end = line.lastIndex(of: ")") else { return true }
        return line[line.index(after: end)...].hasPrefix(" Z")
    }

    private static func code(_ status: Int32) -> Int32 {
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }
}
