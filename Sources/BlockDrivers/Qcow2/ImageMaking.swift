internal import BlockGraph

/// An image that opening a node made in a file that was there, and that an abort takes out again.
final class ImageMaking: PreparedChange {
    private let plan: ChildAccessPlan
    private let sizes: [(edge: String, bytes: UInt64)]

    /// Remembers how long the files are, before anything is made in them.
    init(in plan: ChildAccessPlan, edges: [String]) {
        self.plan = plan
        sizes = edges.map { ($0, plan.sizeBytes(of: $0)) }
    }

    func commit() {}

    func abort() {
        for (edge, bytes) in sizes { plan.shrink(edge, toBytes: bytes) }
    }
}
