import GraphModel

/// A kind of image whose crashes are looked at.
struct CrashCase: Sendable {
    let testDescription: String
    /// Options of `qemu-img create`; nothing for a raw disk, or one that the driver makes itself.
    var creation: String?
    var sizeBytes = 128 << 10
    var alignment: UInt32 = 1
    var options: [(String, OptionValue)] = []
    var isRaw = false
    var hasDataFile = false
    /// Whether whole clusters are written compressed.
    var packs = false
    /// Guest bytes that are written before anything is looked at, so that tables are nearly full.
    var filledBytes = 0

    private static let fewTables: [(String, OptionValue)] = [
        ("l2-cache-size", .integer(4096)), ("refcount-cache-size", .integer(4096)),
    ]

    static let all: [CrashCase] = [
        CrashCase(testDescription: "small clusters", creation: "cluster_size=512"),
        CrashCase(
            testDescription: "late counts",
            creation: "cluster_size=512,lazy_refcounts=on"
        ),
        CrashCase(
            testDescription: "subclusters",
            creation: "cluster_size=16K,extended_l2=on",
            sizeBytes: 384 << 10
        ),
        CrashCase(
            testDescription: "few tables in memory",
            creation: "cluster_size=512",
            sizeBytes: 640 << 10,
            options: fewTables
        ),
        CrashCase(
            testDescription: "few tables, late counts",
            creation: "cluster_size=512,lazy_refcounts=on,refcount_bits=64",
            sizeBytes: 640 << 10,
            options: fewTables
        ),
        CrashCase(testDescription: "version 2", creation: "compat=0.10,cluster_size=512"),
        CrashCase(
            testDescription: "counts of one bit",
            creation: "cluster_size=4K,refcount_bits=1"
        ),
        CrashCase(
            testDescription: "long counts",
            creation: "cluster_size=512,refcount_bits=64"
        ),
        CrashCase(
            testDescription: "past the page cache",
            creation: "cluster_size=4K",
            sizeBytes: 256 << 10,
            alignment: 4096
        ),
        CrashCase(testDescription: "packed", creation: "cluster_size=4K", packs: true),
        CrashCase(
            testDescription: "packed by zstd",
            creation: "cluster_size=4K,compression_type=zstd",
            packs: true
        ),
        CrashCase(testDescription: "data file", hasDataFile: true),
        CrashCase(testDescription: "raw", isRaw: true),
        CrashCase(
            testDescription: "a longer count table",
            creation: "cluster_size=512,refcount_bits=64",
            sizeBytes: 2304 << 10,
            filledBytes: 1900 << 10
        ),
    ]

    /// Bytes that a disk of it may come to hold.
    var capacity: Int { sizeBytes * 2 + (1 << 20) }

    /// What the driver makes an image from, when it makes it.
    var creationOptions: [(String, OptionValue)] {
        let isLazy = creation?.contains("lazy_refcounts=on") ?? false
        let wishes: [(String, OptionValue)] = [
            ("size", .integer(Int64(sizeBytes))), ("cluster-size", .integer(Int64(clusterBytes))),
            ("lazy-refcounts", .flag(isLazy)),
        ]
        return [("create", .mapping(Options(wishes)))]
    }

    /// A new image.
    func make() throws -> [UInt8] {
        if isRaw { return [UInt8](repeating: 0, count: sizeBytes) }
        guard let creation else { return [] }
        let directory = try TemporaryDirectory(under: "/dev/shm")
        let path = directory.path + "/image"
        let made = TemporaryDirectory.shell(
            "qemu-img create -q -f qcow2 -o \(creation) \(path) \(sizeBytes)"
        )
        precondition(made.status == 0, made.output)
        return BrokenImages.contents(of: path)
    }
}

/// What a client, or the configuration, asks of a disk.
struct CrashOperation: Sendable {
    enum Kind: CaseIterable, Sendable { case write, zero, discard, flush, overlay, grow }

    var kind: Kind
    var offset = 0
    var length = 0
    var isDurable = false
    var unmaps = false
    var isPacked = false

    var end: Int { offset + length }

    /// One of a kind, somewhere on the disk.
    static func random(
        _ kind: Kind,
        _ image: CrashCase,
        _ random: inout SeededGenerator
    ) -> CrashOperation {
        var operation = CrashOperation(kind: kind)
        guard ![.flush, .overlay, .grow].contains(kind) else { return operation }
        let unit = max(Int(image.alignment), 1)
        let cluster = image.packs || image.creation == nil ? 4096 : image.clusterBytes
        let first = image.filledBytes / cluster
        let count = image.sizeBytes / cluster - first
        // Few clusters are used again and again, the others now and then.
        let near = Int.random(in: 0..<4, using: &random) > 0
        let place = first + Int.random(in: 0..<(near ? min(6, count) : count), using: &random)
        operation.offset = place * cluster
        operation.length = Int.random(in: 1...3, using: &random) * cluster
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            operation.offset += Int.random(in: 0..<cluster, using: &random) / unit * unit
            operation.length = Int.random(in: 1...cluster, using: &random)
        case 1:
            operation.offset += cluster / 2 / unit * unit
        case 2:
            operation.length = Int.random(in: 1...(16 * cluster), using: &random)
        default: break
        }
        operation.length = max(operation.length / unit, 1) * unit
        operation.length = min(operation.length, image.sizeBytes - operation.offset)
        operation.isDurable = Int.random(in: 0..<8, using: &random) == 0
        operation.unmaps = Int.random(in: 0..<2, using: &random) == 0
        operation.isPacked = image.packs && Int.random(in: 0..<3, using: &random) > 0
        return operation
    }
}

extension CrashCase {
    /// Size of its clusters.
    var clusterBytes: Int {
        guard let text = creation?.split(separator: ",").first(where: { $0.contains("cluster_") })
        else { return 4096 }
        let number = text.dropFirst("cluster_size=".count)
        return number.hasSuffix("K") ? (Int(number.dropLast()) ?? 4) << 10 : Int(number) ?? 512
    }
}
