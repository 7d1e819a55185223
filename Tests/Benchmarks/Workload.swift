/// One pattern of requests that every server is measured with.
struct Workload: Hashable, Sendable {
    /// What a request asks for.
    enum Operation: UInt16, Sendable {
        case read = 0
        case write = 1
    }

    /// Where the next request goes.
    enum Pattern: Sendable {
        case random
        case sequential
    }

    let name: String
    let operation: Operation
    let pattern: Pattern
    let blockBytes: Int
    let depth: Int
    var shape = ImageShape.raw

    /// Every workload, in the order of the tables.
    static let all = raw + qcow2

    /// The five patterns over a raw file.
    static let raw: [Workload] = [
        Workload(
            name: "read-4k-qd1",
            operation: .read,
            pattern: .random,
            blockBytes: 4 << 10,
            depth: 1
        ),
        Workload(
            name: "read-4k-qd32",
            operation: .read,
            pattern: .random,
            blockBytes: 4 << 10,
            depth: 32
        ),
        Workload(
            name: "write-4k-qd32",
            operation: .write,
            pattern: .random,
            blockBytes: 4 << 10,
            depth: 32
        ),
        Workload(
            name: "read-1m-qd4",
            operation: .read,
            pattern: .sequential,
            blockBytes: 1 << 20,
            depth: 4
        ),
        Workload(
            name: "write-1m-qd4",
            operation: .write,
            pattern: .sequential,
            blockBytes: 1 << 20,
            depth: 4
        ),
    ]
    /// What qcow2 images are asked for.
    static let qcow2: [Workload] = [
        random("qcow2-read-4k-qd32", .read, .allocated),
        random("qcow2-write-allocated", .write, .allocated),
        random("qcow2-write-unallocated", .write, .empty),
        sequential("qcow2-read-1m", .read, .allocated),
        sequential("qcow2-write-1m", .write, .allocated),
        random("qcow2-chain3-read", .read, .chain),
        random("qcow2-chain3-write", .write, .overlay),
    ]

    private static func random(
        _ name: String,
        _ operation: Operation,
        _ shape: ImageShape
    ) -> Workload {
        Workload(
            name: name,
            operation: operation,
            pattern: .random,
            blockBytes: 4 << 10,
            depth: 32,
            shape: shape
        )
    }

    private static func sequential(
        _ name: String,
        _ operation: Operation,
        _ shape: ImageShape
    ) -> Workload {
        Workload(
            name: name,
            operation: operation,
            pattern: .sequential,
            blockBytes: 1 << 20,
            depth: 4,
            shape: shape
        )
    }
}
