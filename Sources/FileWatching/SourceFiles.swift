internal import Glibc

/// Reads configurations: one file, or a directory with everything below it.
///
/// Nothing here waits for a writer or a device: what is no regular file is a fault, and is not
/// opened for reading.
package enum SourceFiles {
    /// Most bytes that are read of a file: one more than the usual limit.
    package static let bytesMax = (1 << 20) + 1
    /// Deepest nesting of directories.
    static let depthMax = 16
    /// Most files of one configuration.
    static let filesMax = 100_000

    /// Name endings of droppings that editors and package tools leave behind.
    private static let droppings = ["~", ".swp", ".bak", ".rpmnew"]

    /// Whether a file name is one of a configuration's.
    package static func isSource(_ name: String) -> Bool {
        guard !name.hasPrefix("."), !name.hasPrefix("#") else { return false }
        guard !droppings.contains(where: name.hasSuffix), !name.contains(".dpkg-") else {
            return false
        }
        return name.hasSuffix(".yaml") || name.hasSuffix(".yml")
    }

    /// Reads what is at a path.
    ///
    /// - Parameters:
    ///   - path: A file or a directory; symbolic links are followed.
    ///   - fileBytesMax: Largest file in bytes; one byte more is read.
    ///   - known: Files that were read before, by path; those that look the same are not read again.
    /// - Returns: Files, and what could not be read.
    package static func read(
        _ path: String,
        fileBytesMax: Int = bytesMax - 1,
        known: [String: SourceFile] = [:]
    ) -> SourceRead {
        var result = SourceRead()
        var facts = stat()
        guard stat(path, &facts) == 0 else {
            result.isLost = true
            result.faults = [SourceFault(path: path, reason: words(errno))]
            result.baseDirectory = parent(of: path)
            return result
        }
        if facts.st_mode & S_IFMT == S_IFDIR {
            result.isDirectory = true
            result.baseDirectory = path
            let reading = Reading(fileBytesMax: fileBytesMax, known: known)
            list(path, reading, depth: 0, into: &result)
            result.files.sort { $0.path < $1.path }
            result.isLost = result.files.isEmpty && result.faults.isEmpty
        } else {
            result.baseDirectory = parent(of: path)
            let reading = Reading(fileBytesMax: fileBytesMax, known: known)
            add(path, facts, reading, to: &result)
            // Whoever names it wishes what is in it.
            result.faults += result.oddities
            result.oddities = []
        }
        return result
    }

    /// What holds for one pass over a path.
    private struct Reading {
        let fileBytesMax: Int
        let known: [String: SourceFile]
    }

    /// The directory of a file, as it was named.
    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func list(
        _ directory: String,
        _ reading: Reading,
        depth: Int,
        into result: inout SourceRead
    ) {
        guard depth < depthMax else {
            result.faults.append(
                SourceFault(
                    path: directory,
                    reason: "directories are nested deeper than \(depthMax)"
                )
            )
            return
        }
        guard let stream = opendir(directory) else {
            result.faults.append(SourceFault(path: directory, reason: words(errno)))
            return
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: UInt8.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        for name in names.sorted() {
            let path = directory.hasSuffix("/") ? directory + name : directory + "/" + name
            var facts = stat()
            let isFound = stat(path, &facts) == 0
            if isFound, facts.st_mode & S_IFMT == S_IFDIR, !isSource(name) {
                list(path, reading, depth: depth + 1, into: &result)
            } else if isSource(name) {
                add(path, isFound ? facts : nil, reading, to: &result)
            } else {
                result.ignored.append(SourceFault(path: path, reason: hint(for: name)))
            }
        }
    }

    private static func hint(for name: String) -> String {
        let lower = name.lowercased()
        return lower.hasSuffix(".yaml") || lower.hasSuffix(".yml")
            ? "names must end in .yaml or .yml, in small letters, and be no editor's backup"
            : "not a *.yaml or *.yml file"
    }

    private static func add(
        _ path: String,
        _ facts: stat?,
        _ reading: Reading,
        to result: inout SourceRead
    ) {
        guard result.files.count < filesMax else {
            if result.files.count == filesMax, !result.faults.contains(where: { $0.path == path }) {
                result.faults.append(
                    SourceFault(path: path, reason: "more than \(filesMax) files")
                )
            }
            return
        }
        if let facts, let file = reading.known[path], file.isSettled,
            file.fingerprint == fingerprint(facts)
        {
            return result.files.append(file)
        }
        // What has no contents is not even opened: that alone does something to some devices.
        if let facts, facts.st_mode & S_IFMT != S_IFREG {
            return result.oddities.append(SourceFault(path: path, reason: notRegular))
        }
        // Not blocking: a FIFO would wait for its writer, a device for its medium.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            result.faults.append(SourceFault(path: path, reason: words(errno)))
            return
        }
        defer { close(descriptor) }
        var before = stat()
        guard fstat(descriptor, &before) == 0, before.st_mode & S_IFMT == S_IFREG else {
            return result.oddities.append(SourceFault(path: path, reason: notRegular))
        }
        let isSettled = isSettled(before)
        guard let bytes = contents(of: descriptor, limit: reading.fileBytesMax + 1) else {
            result.faults.append(SourceFault(path: path, reason: words(errno)))
            return
        }
        var after = stat()
        let isSame = fstat(descriptor, &after) == 0 && fingerprint(before) == fingerprint(after)
        if !isSame { result.moved = true }
        if OpenWriters.have(descriptor) { result.unfinished.append(path) }
        result.files.append(
            SourceFile(
                path: path,
                bytes: bytes,
                fingerprint: fingerprint(before),
                isSettled: isSettled
            )
        )
    }

    private static let notRegular = "not a regular file, so it is not read"

    /// Longest step of a file system's clock that is reckoned with, in nanoseconds.
    private static let clockStepNanoseconds: Int64 = 100_000_000

    private static func isSettled(_ facts: stat) -> Bool {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return nanoseconds(facts.st_ctim) < nanoseconds(now) - clockStepNanoseconds
    }

    private static func contents(of descriptor: Int32, limit: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < limit {
            let wanted = min(buffer.count, limit - bytes.count)
            let count = Glibc.read(descriptor, &buffer, wanted)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    private static func fingerprint(_ facts: stat) -> SourceFile.Fingerprint {
        SourceFile.Fingerprint(
            device: UInt64(facts.st_dev),
            inode: UInt64(facts.st_ino),
            sizeBytes: Int64(facts.st_size),
            modifiedNanoseconds: nanoseconds(facts.st_mtim),
            changedNanoseconds: nanoseconds(facts.st_ctim)
        )
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    private static func words(_ number: Int32) -> String {
        String(cString: strerror(number))
    }
}
