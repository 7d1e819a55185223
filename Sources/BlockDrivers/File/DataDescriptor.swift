internal import BlockGraph
internal import CLinux
internal import Glibc
internal import RingLoop
internal import Synchronization

/// An open regular file or block device: its descriptor, and what was found out about it.
///
/// Closed when the last of the node and its views lets go of it, so that a request in flight
/// never meets a number that means another file.
final class DataDescriptor: Sendable {
    /// What kind of file system the file is on.
    enum Storage: Hashable, Sendable {
        /// Memory: nothing waits for a device.
        case memory
        /// A local one whose page cache can be written without a server's help.
        case local
        /// Anything else, such as NFS and FUSE: a call may wait for somebody else.
        case remote
    }

    /// The number, for calls.
    let rawValue: Int32
    let isWritable: Bool
    let isDirect: Bool
    let sizeBytes: UInt64
    let identity: FileLocks.FileIdentity
    let storage: Storage
    /// Alignment of offsets, lengths and memory; 1 with the page cache.
    let offsetAlignmentBytes: UInt32
    let memoryAlignmentBytes: UInt32
    /// Whether the kernel tells which pages are cached.
    let tellsResidency: Bool
    /// First error of a flush through the page cache, or 0.
    ///
    /// The kernel drops pages that it could not write, and a second flush would succeed without
    /// them. So the error stays until the file is opened anew.
    let flushError = Atomic<Int32>(0)
    private let shown = Locked<FileMapping?>(nil)

    /// Opens a file that exists.
    ///
    /// - Throws: An error number, as the only thing that differs for callers.
    init(
        path: String,
        kind: FileSettings.Storage,
        isWritable: Bool,
        isDirect: Bool
    ) throws(OpenFailure) {
        // Not to wait for a FIFO's other end, nor to become a terminal's session.
        let flags =
            O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (isWritable ? O_RDWR : O_RDONLY)
            | (isDirect ? Self.directFlag : 0)
        let opened = clinux_open(path, flags, 0)
        guard opened >= 0 else { throw .system(-opened) }
        do throws(OpenFailure) {
            let facts = try Self.facts(opened, kind)
            sizeBytes = try Self.size(opened, kind, facts)
            identity = FileLocks.FileIdentity(device: facts.device, inode: facts.inode)
        } catch {
            _ = clinux_close(opened)
            throw error
        }
        // The ring gives up instead of waiting on a descriptor that does not block.
        _ = fcntl(opened, F_SETFL, fcntl(opened, F_GETFL) & ~O_NONBLOCK)
        rawValue = opened
        self.isWritable = isWritable
        self.isDirect = isDirect
        // A device's own file is in memory, and the device is not.
        storage = kind == .blockDevice ? .local : Self.storage(opened)
        (memoryAlignmentBytes, offsetAlignmentBytes) = isDirect ? Self.alignment(opened) : (1, 1)
        var counts = clinux_cachestat_counts()
        tellsResidency = clinux_cachestat(opened, 0, 1, &counts) == 0
    }

    deinit { _ = clinux_close(rawValue) }

    /// The file as memory, once somebody has asked for it.
    var mapping: FileMapping? { shown.withLock { $0 } }

    /// The file as memory, which all views share; nothing where its pages cannot be lent.
    func makeMapping() -> FileMapping? {
        guard !isDirect, storage != .remote else { return nil }
        return shown.withLock { mapping in
            if mapping == nil { mapping = FileMapping(rawValue, sizeBytes: sizeBytes) }
            return mapping
        }
    }

    /// Why a file could not be opened.
    enum OpenFailure: Error, Hashable {
        /// A Linux error number.
        case system(Int32)
        /// What it is instead of a regular file, or of a block device.
        case otherKind(String)
    }

    #if arch(x86_64) || arch(i386) || arch(riscv64) || arch(s390x)
        private static let directFlag: Int32 = 0o40000
    #else
        private static let directFlag: Int32 = 0o200000
    #endif

    private static func facts(
        _ fd: Int32,
        _ kind: FileSettings.Storage
    ) throws(OpenFailure) -> clinux_file_facts {
        var facts = clinux_file_facts()
        let result = clinux_file_facts(fd, &facts)
        guard result == 0 else { throw .system(-result) }
        switch mode_t(facts.kind) & 0o170000 {
        case S_IFREG where kind == .regularFile: return facts
        case S_IFBLK where kind == .blockDevice: return facts
        case S_IFREG: throw .otherKind("a regular file")
        case S_IFDIR: throw .otherKind("a directory")
        case S_IFIFO: throw .otherKind("a FIFO")
        case S_IFSOCK: throw .otherKind("a socket")
        case S_IFBLK: throw .otherKind("a block device")
        case S_IFCHR: throw .otherKind("a character device")
        default: throw .otherKind("no regular file")
        }
    }

    private static func size(
        _ fd: Int32,
        _ kind: FileSettings.Storage,
        _ facts: clinux_file_facts
    ) throws(OpenFailure) -> UInt64 {
        guard kind == .blockDevice else { return UInt64(clamping: facts.size_bytes) }
        var bytes: UInt64 = 0
        let result = clinux_block_size_bytes(fd, &bytes)
        guard result == 0 else { throw .system(-result) }
        return bytes
    }

    private static func storage(_ fd: Int32) -> Storage {
        var magic: Int64 = 0
        var blockBytes: Int64 = 0
        guard clinux_file_system(fd, &magic, &blockBytes) == 0 else { return .remote }
        switch UInt32(truncatingIfNeeded: magic) {
        case 0x0102_1994: return .memory  // tmpfs
        case 0xef53: return .local  // ext2, ext3, ext4
        case 0x5846_5342: return .local  // XFS
        case 0x9123_683e: return .local  // Btrfs
        case 0xf2f5_2010: return .local  // F2FS
        default: return .remote
        }
    }

    private static func alignment(_ fd: Int32) -> (memory: UInt32, offset: UInt32) {
        var memory: UInt32 = 0
        var offset: UInt32 = 0
        // Before Linux 6.1 nobody tells: a page suits every device.
        guard clinux_direct_alignment(fd, &memory, &offset) == 0, memory > 0, offset > 0 else {
            var sector: UInt32 = 0
            let isKnown = clinux_block_sector_bytes(fd, &sector) == 0 && sector > 0
            return (4096, isKnown ? sector : 4096)
        }
        return (memory, offset)
    }
}

extension DataDescriptor {
    /// Opens a node's file, and says why when it cannot.
    static func open(
        _ settings: FileSettings,
        writing: Bool
    ) throws(GraphError) -> DataDescriptor {
        do throws(OpenFailure) {
            return try DataDescriptor(
                path: settings.path,
                kind: settings.storage,
                isWritable: writing,
                isDirect: settings.isDirect
            )
        } catch {
            throw refusal(error, settings, writing: writing)
        }
    }

    /// Opens a file that is open once more, in another mode, whatever its name is by now.
    func reopen(
        _ settings: FileSettings,
        writing: Bool
    ) throws(GraphError) -> DataDescriptor {
        let link = "/proc/self/fd/\(rawValue)"
        do throws(OpenFailure) {
            return try DataDescriptor(
                path: link,
                kind: settings.storage,
                isWritable: writing,
                isDirect: settings.isDirect
            )
        } catch {
            guard error == .system(ENOENT) else {
                throw Self.refusal(error, settings, writing: writing)
            }
        }
        let byName = try Self.open(settings, writing: writing)
        guard byName.identity == identity else {
            throw GraphError(
                code: .openFailed,
                object: settings.object,
                option: "filename",
                reason: "\(settings.path) is not the file any more that is being served; move the "
                    + "old one back, or give the node another name so that it is opened anew"
            )
        }
        return byName
    }

    private static func refusal(
        _ failure: OpenFailure,
        _ settings: FileSettings,
        writing: Bool
    ) -> GraphError {
        let path = settings.path
        let (code, reason): (GraphError.Code, String) =
            switch failure {
            case .otherKind(let kind):
                (
                    .openFailed,
                    "\(path) is \(kind); a \(settings.storage.driver) node needs "
                        + settings.storage.words
                        + (kind == "a block device" ? " (driver host_device takes devices)" : "")
                )
            case .system(ENOENT):
                (
                    .openFailed,
                    "\(path) does not exist; make it, or set create: {size: ...} to have it made "
                        + "(create: true when a format above makes its image in it)"
                )
            case .system(EACCES) where writing, .system(EPERM) where writing,
                .system(EROFS) where writing:
                (
                    .readOnly,
                    "\(path) cannot be written: \(words(failure)); change its permissions, or set "
                        + "read-only: true (auto-read-only: true when nobody needs to write)"
                )
            case .system(EINVAL) where settings.isDirect:
                (
                    .openFailed,
                    "\(path) cannot be used without the page cache on its file system; set "
                        + "cache: {direct: false}"
                )
            case .system:
                (.openFailed, "\(path) cannot be opened: \(words(failure))")
            }
        return GraphError(
            code: code,
            object: settings.object,
            option: "filename",
            reason: reason
        )
    }

    private static func words(_ failure: OpenFailure) -> String {
        guard case .system(let number) = failure else { return "" }
        return SystemError.words(of: number)
    }
}
