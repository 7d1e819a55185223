internal import BlockGraph
internal import CLinux
internal import Glibc
internal import RingLoop

/// A file that opening a node made, and that an abort removes.
final class FileCreation: PreparedChange {
    private let path: String
    private let identity: FileLocks.FileIdentity

    private init(path: String, identity: FileLocks.FileIdentity) {
        self.path = path
        self.identity = identity
    }

    func commit() {}

    func abort() { Self.unlink(path, ifStill: identity) }

    /// Makes a node's file when it does not exist; never touches one that does.
    ///
    /// - Returns: What an abort removes, or nothing when the file was there.
    /// - Throws: When the file cannot be made, or not be given its size; nothing is left then.
    static func make(_ settings: FileSettings) throws(GraphError) -> FileCreation? {
        guard let wanted = settings.creation else { return nil }
        let flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY
        let opened = clinux_open(settings.path, flags, 0o600)
        if opened == -EEXIST { return nil }
        guard opened >= 0 else {
            let parent = opened == -ENOENT ? "; its directory does not exist" : ""
            throw GraphError(
                code: .openFailed,
                object: settings.object,
                option: "create",
                reason: "\(settings.path) cannot be made: \(SystemError.words(of: opened))"
                    + parent
            )
        }
        let descriptor = FileDescriptor(owning: opened)
        var facts = clinux_file_facts()
        _ = clinux_file_facts(descriptor.rawValue, &facts)
        let identity = FileLocks.FileIdentity(device: facts.device, inode: facts.inode)
        let result = give(wanted, to: descriptor.rawValue)
        guard result == 0 else {
            unlink(settings.path, ifStill: identity)
            throw GraphError(
                code: result == -ENOSPC || result == -EDQUOT ? .noSpace : .openFailed,
                object: settings.object,
                option: "create",
                reason: "\(settings.path) cannot be made with \(wanted.sizeBytes) bytes: "
                    + SystemError.words(of: result)
            )
        }
        return FileCreation(path: settings.path, identity: identity)
    }

    /// Gives an empty file its size and makes both durable; 0 or a negative error number.
    private static func give(_ wanted: FileSettings.Creation, to fd: Int32) -> Int32 {
        guard let length = Int64(exactly: wanted.sizeBytes) else { return -EFBIG }
        var result = clinux_ftruncate(fd, length)
        if result == 0, length > 0 {
            switch wanted.preallocation {
            case .off: break
            case .falloc: result = clinux_fallocate(fd, 0, 0, length)
            case .full: result = writeZeroes(fd, length: length)
            }
        }
        return result == 0 ? clinux_fsync(fd, 0) : result
    }

    private static func writeZeroes(_ fd: Int32, length: Int64) -> Int32 {
        let piece = AlignedMemory(lengthBytes: 1 << 20)
        memset(piece.pointer, 0, piece.lengthBytes)
        var offset: Int64 = 0
        while offset < length {
            let count = min(Int64(piece.lengthBytes), length - offset)
            let written = clinux_pwrite(fd, piece.pointer, Int(count), offset)
            if written == -Int(EINTR) { continue }
            guard written > 0 else { return written == 0 ? -EIO : Int32(written) }
            offset += Int64(written)
        }
        return 0
    }

    /// Removes a name, unless it means another file by now.
    private static func unlink(_ path: String, ifStill identity: FileLocks.FileIdentity) {
        var facts = stat()
        guard lstat(path, &facts) == 0, UInt64(facts.st_dev) == identity.device,
            UInt64(facts.st_ino) == identity.inode
        else { return }
        _ = Glibc.unlink(path)
    }
}
