import Glibc
import RingLoop
import Testing

/// A directory that goes with its owner, and files in it.
final class TemporaryDirectory: Sendable {
    let path: String
    /// What lives as long as the directory, such as a server.
    private let belongings = Locked<[any Sendable]>([])

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

    /// The one thing of its type that belongs to this directory, made when it is first asked for.
    func belonging<Thing: Sendable>(_ make: () throws -> Thing) throws -> Thing {
        for case let thing as Thing in belongings.withLock({ $0 }) { return thing }
        let made = try make()
        belongings.withLock { $0.append(made) }
        return made
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
