import Glibc
import RingLoop
import Testing

/// A directory that goes with its owner, and files in it.
final class TemporaryDirectory: Sendable {
    let path: String
    /// The server that keeps what is written here, when a test wants one.
    private let server = Locked<ScriptedServer?>(nil)

    /// Makes a directory below `/tmp`, or below another one such as `/dev/shm`.
    init(under parent: String = "/tmp") throws {
        var template = Array("\(parent)/sluice-drivers-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { buffer -> String? in
            guard let start = buffer.baseAddress, mkdtemp(start) != nil else { return nil }
            return String(cString: start)
        }
        path = try #require(made, "no directory below \(parent)")
    }

    deinit { _ = TemporaryDirectory.shell("rm -rf '\(path)'") }

    /// The NBD server whose disk belongs to this directory, started when it is first asked for.
    func server(_ script: @escaping @Sendable () -> ServerScript) throws -> ScriptedServer {
        if let running = server.withLock({ $0 }) { return running }
        let started = try ScriptedServer { _ in script() }
        server.withLock { $0 = started }
        return started
    }

    /// Makes a file of that size and returns its path.
    func file(_ name: String, sizeBytes: Int) -> String {
        let file = path + "/" + name
        let fd = creat(file, 0o600)
        ftruncate(fd, sizeBytes)
        Glibc.close(fd)
        return file
    }

    /// Runs a command and returns what it said and how it ended.
    static func shell(_ command: String) -> (output: String, status: Int32) {
        guard let pipe = popen(command + " 2>&1", "r") else { return ("", -1) }
        var output: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&piece, 1, piece.count, pipe)
            guard count > 0 else { break }
            output += piece[0..<count]
        }
        return (String(decoding: output, as: UTF8.self), pclose(pipe))
    }

    /// Whether a command is installed.
    static func has(_ command: String) -> Bool { shell("command -v \(command)").status == 0 }
}
