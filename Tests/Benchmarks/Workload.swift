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

    /// The five patterns of the marks, in the order of the tables.
    static let all: [Workload] = [
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
}
