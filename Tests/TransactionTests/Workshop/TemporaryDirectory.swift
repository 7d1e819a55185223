import Glibc
import Testing

/// A directory that goes with its owner, and what is in it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/sluice-tx-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { buffer -> String? in
            guard let start = buffer.baseAddress, mkdtemp(start) != nil else { return nil }
            return String(cString: start)
        }
        path = try #require(made, "no directory below /tmp")
    }

    deinit {
        for name in names { unlink(path + "/" + name) }
        rmdir(path)
    }

    /// Names of everything in it.
    var names: [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var found: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { found.append(name) }
        }
        return found.sorted()
    }

    /// Makes a file whose bytes all are `fill`, and returns its path.
    @discardableResult
    func file(_ name: String, sizeBytes: Int = 64 << 10, fill: UInt8 = 0) -> String {
        self.file(name, bytes: [UInt8](repeating: fill, count: sizeBytes))
    }

    /// Makes a file of these bytes, and returns its path.
    @discardableResult
    func file(_ name: String, bytes: [UInt8]) -> String {
        let file = path + "/" + name
        let fd = creat(file, 0o600)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(fd, $0.baseAddress.map { $0 + written }, bytes.count - written)
            }
            // A ring that is closed elsewhere interrupts the thread that made it.
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            written += count
        }
        close(fd)
        return file
    }

    func remove(_ name: String) { unlink(path + "/" + name) }

    /// Size of a file, or -1.
    func sizeBytes(of name: String) -> Int {
        var facts = stat()
        return lstat(path + "/" + name, &facts) == 0 ? Int(facts.st_size) : -1
    }
}

/// What others see of a process's hold on files: descriptors, locks and sockets.
enum Holds {
    /// Offsets of QEMU's lock bytes that somebody else than the asker holds.
    static func lockedBytes(_ path: String) -> [Int64] {
        let fd = open(path, O_RDWR | O_CLOEXEC)
        guard fd >= 0 else { return [] }
        defer { close(fd) }
        return (Array(100...103) + Array(200...203)).filter { offset in
            var lock = flock()
            lock.l_type = Int16(F_WRLCK)
            lock.l_whence = Int16(SEEK_SET)
            lock.l_start = off_t(offset)
            lock.l_len = 1
            let getOFD: Int32 = 36
            return fcntl(fd, getOFD, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
        }.map(Int64.init)
    }

    /// Open descriptors of files below a directory, `name access`, such as `disk.raw rw`.
    static func descriptors(below directory: String) -> [String] {
        guard let listing = opendir("/proc/self/fd") else { return [] }
        defer { closedir(listing) }
        var found: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let number = Int32(name) else { continue }
            var target = [UInt8](repeating: 0, count: 512)
            let length = target.withUnsafeMutableBytes { bytes -> Int in
                guard let start = bytes.baseAddress else { return 0 }
                return readlink("/proc/self/fd/" + name, start, bytes.count)
            }
            guard length > 0 else { continue }
            let text = String(decoding: target.prefix(length), as: UTF8.self)
            guard text.hasPrefix(directory + "/") else { continue }
            let flags = fcntl(number, F_GETFL)
            let access = flags & O_ACCMODE == O_RDONLY ? "ro" : "rw"
            found.append(text.dropFirst(directory.count + 1) + " " + access)
        }
        return found.sorted()
    }

    /// Unix sockets below a directory that are bound, one for each of its connections, too.
    ///
    /// The kernel tells of all sockets of the host a page at a time, and leaves one out or tells of
    /// it twice when others come and go meanwhile: what it tells two times running is believed.
    static func sockets(below directory: String) -> [String] {
        var last = socketsAtOnce(below: directory)
        while true {
            let next = socketsAtOnce(below: directory)
            if next == last { return next }
            last = next
        }
    }

    private static func socketsAtOnce(below directory: String) -> [String] {
        guard let file = fopen("/proc/net/unix", "r") else { return [] }
        defer { fclose(file) }
        var found: [String] = []
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = line.withUnsafeBytes {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let place = text.firstRange(of: directory + "/") else { continue }
            found.append(String(text[place.lowerBound...].dropLast()))
        }
        return found.sorted()
    }
}
