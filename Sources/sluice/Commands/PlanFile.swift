import Glibc

/// Why a plan could not be saved.
struct PlanFileError: Error {
    /// What the system said.
    let reason: String

    fileprivate init() { reason = String(cString: strerror(errno)) }
}

/// Files of JSON that a command takes in the place of a configuration; plans are also written.
enum PlanFile {
    /// Largest file that is read.
    private static let bytesMax = 256 << 20

    /// A whole regular file, when its beginning is wanted.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - isWanted: Judges its first bytes.
    /// - Returns: The bytes; `nil` for anything else, which others will complain about.
    static func read(_ path: String, ifStart isWanted: ([UInt8]) -> Bool) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= bytesMax {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return bytes.isEmpty ? nil : bytes }
            let isFirst = bytes.isEmpty
            bytes += buffer[..<count]
            if isFirst, !isWanted(bytes) { return nil }
        }
        return nil
    }

    /// Writes a file in the place of what has its name, for its owner only, whole or not at all.
    static func write(_ bytes: [UInt8], to path: String) throws(PlanFileError) {
        let draft = "\(path).\(getpid()).tmp"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw PlanFileError() }
        var isDone = false
        defer {
            close(descriptor)
            if !isDone { unlink(draft) }
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw PlanFileError() }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0, rename(draft, path) == 0 else { throw PlanFileError() }
        isDone = true
    }
}
