internal import BlockGraph

/// One loop's view of a `qcow2` node: the engine, and the edges that it works over.
final class Qcow2Driver: BlockDriver {
    private let node: OpenQcow2
    private let context: DriverContext
    private var engine: ImageEngine
    /// The engine once more: reaching it counts no reference.
    private var direct: Unmanaged<ImageEngine>
    private var revision: Int

    init(node: OpenQcow2, context: DriverContext) {
        self.node = node
        self.context = context
        engine = node.engine(in: context)
        direct = .passUnretained(engine)
        revision = node.revision
    }

    var movesPages: Bool { false }

    func submit(_ request: BlockRequest) -> BlockStatus {
        direct._withUnsafeGuaranteedRef { $0.submit(request) }
    }

    func optionsChanged() {
        if revision == node.revision {
            engine.apply(node.currentSettings)
        } else {
            revision = node.revision
            engine = node.engine(in: context)
            direct = .passUnretained(engine)
        }
    }
}
