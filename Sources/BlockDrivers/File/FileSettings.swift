internal import BlockGraph
internal import GraphModel

/// Options of a `file` node.
///
/// `aio: threads` takes the same way as `io_uring`: the ring has workers where the kernel needs
/// them.
struct FileSettings: Sendable {
    /// Whether locks are taken.
    enum Locking: Hashable, Sendable {
        case off
        /// Where the file system has them.
        case automatic
        case on
    }

    /// What the node serves.
    enum Storage: Hashable, Sendable {
        case regularFile
        case blockDevice

        /// Words for messages.
        var words: String { self == .regularFile ? "a regular file" : "a block device" }
        /// The driver's name.
        var driver: String { self == .regularFile ? "file" : "host_device" }
    }

    /// How new storage is allocated.
    enum Preallocation: Hashable, Sendable {
        case off, falloc, full
    }

    /// How a missing file is made.
    struct Creation: Hashable, Sendable {
        var sizeBytes: UInt64
        var preallocation: Preallocation
    }

    /// The object for errors, such as `node/f`.
    let object: String
    let path: String
    let storage: Storage
    let isReadOnly: Bool
    let isAutoReadOnly: Bool
    let isDirect: Bool
    let skipsFlushes: Bool
    let unmaps: Bool
    let detectsZeroes: Bool
    /// Whether detected zeroes become holes.
    let unmapsZeroes: Bool
    let sharesAll: Bool
    let locking: Locking
    let creation: Creation?

    init(_ opening: DriverOpening) throws(GraphError) {
        let options = opening.node.options
        object = "node/\(opening.node.name)"
        storage = opening.node.driver == Storage.blockDevice.driver ? .blockDevice : .regularFile
        guard let filename = options.text("filename"), !filename.isEmpty else {
            throw GraphError(
                code: .openFailed,
                object: object,
                option: "filename",
                reason: "a \(storage.driver) node needs the name of \(storage.words)"
            )
        }
        path = opening.path(filename)
        isReadOnly = opening.node.isReadOnly
        isAutoReadOnly = options.flag("auto-read-only") ?? false
        isDirect = options.mapping("cache")?.flag("direct") ?? false
        skipsFlushes = options.mapping("cache")?.flag("no-flush") ?? false
        unmaps = options.text("discard") != "ignore"
        let detection = options.text("detect-zeroes") ?? "off"
        detectsZeroes = detection != "off"
        unmapsZeroes = detection == "unmap" && unmaps
        sharesAll = options.flag("force-share") ?? false
        locking =
            switch options.text("locking") {
            case "on": .on
            case "off": .off
            default: .automatic
            }
        creation = Creation(options)
    }

    /// Whether the file must be open for writing, for users with these masks.
    func wantsWriting(_ masks: EdgeMasks) -> Bool {
        if isReadOnly { return false }
        return !isAutoReadOnly || masks.includeWriting
    }
}

extension FileSettings.Creation {
    /// What `create` says: `true`, sizes, or nothing.
    init?(_ options: Options) {
        if let details = options.mapping("create") {
            sizeBytes = UInt64(clamping: details.integer("size") ?? 0)
            preallocation =
                switch details.text("preallocation") {
                case "falloc": .falloc
                case "full": .full
                default: .off
                }
        } else if options.flag("create") == true {
            sizeBytes = 0
            preallocation = .off
        } else {
            return nil
        }
    }
}
