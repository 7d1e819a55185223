import Foundation
import Glibc
import Synchronization

/// The directory of one run and the processes that it started; both go when the run ends, however
/// it ends.
final class Workspace: Sendable {
    let directory: String
    private let children = Mutex(Children())

    private struct Children {
        var running: Set<pid_t> = []
        var isClosed = false
    }

    /// Makes a directory of its own under the given one.
    init(under parent: String) throws {
        var template = Array("\(parent)/sluice-benchmark.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw BenchmarkError("cannot make a directory in \(parent): \(ChildProcess.reason())")
        }
        directory = template.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { String(cString: $0) } ?? ""
        }
    }

    /// The path of a file in the directory.
    func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// Starts a program that ends with the run.
    ///
    /// Does not return once the run is being ended: the thread that ends it ends the process.
    func start(_ arguments: [String], outputPath: String) throws(BenchmarkError) -> pid_t {
        let started = try children.withLock { children throws(BenchmarkError) -> pid_t? in
            guard !children.isClosed else { return nil }
            let process = try ChildProcess.start(arguments, outputPath: outputPath)
            children.running.insert(process)
            return process
        }
        guard let started else {
            while true { pause() }
        }
        return started
    }

    /// Counts a process that left its parent among those that end with the run.
    func adopt(_ process: pid_t) { children.withLock { _ = $0.running.insert(process) } }

    /// Ends a process and waits until it is gone.
    func end(_ process: pid_t) {
        kill(process, SIGTERM)
        ChildProcess.awaitEnd(of: process, killAfterSeconds: 5)
        children.withLock { _ = $0.running.remove(process) }
    }

    /// Forgets a process that has ended by itself.
    func forget(_ process: pid_t) { children.withLock { _ = $0.running.remove(process) } }

    /// Ends all processes and removes the directory.
    func clean() {
        let running = children.withLock { children -> Set<pid_t>? in
            guard !children.isClosed else { return nil }
            children.isClosed = true
            return children.running
        }
        guard let running else { return }
        // fio and nbd-server have children of their own, which would outlive them.
        for process in running.flatMap(ProcessTree.processes) { kill(process, SIGKILL) }
        for process in running {
            ChildProcess.awaitEnd(of: process, killAfterSeconds: 1)
        }
        do {
            try FileManager.default.removeItem(atPath: directory)
        } catch {
            FileHandle.standardError.write(Data("cannot remove \(directory): \(error)\n".utf8))
        }
    }

    /// Cleans up and ends this process when it is told to stop.
    ///
    /// - Precondition: No other thread runs yet, since the signals are blocked for all later ones.
    func cleanOnSignals() {
        var signals = ChildProcess.endingSignals()
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        let thread = Thread { [self] in
            var signals = ChildProcess.endingSignals()
            var received: Int32 = 0
            sigwait(&signals, &received)
            clean()
            _exit(128 + received)
        }
        thread.start()
    }
}
