internal import BlockGraph
internal import GraphModel
internal import RingLoop

/// An open `blkverify` node: what its views share, and what they found.
final class OpenBlkverify: OpenNode {
    private struct Findings {
        var count = 0
        var first: String?
    }

    /// Keeps writes apart from each other and from reads, on all loops.
    let gate = RangeGate()
    private let node: StagedValue<NodeDescription>
    private let findings = Locked(Findings())

    init(_ node: NodeDescription) { self.node = StagedValue(node) }

    /// What views obey.
    var currentRules: NodeRules { NodeRules(node.current.options) }

    /// Takes note of a difference.
    func recordDifference(_ words: @autoclosure () -> String) {
        let words = words()
        findings.withLock { findings in
            findings.count += 1
            findings.first = findings.first ?? words
        }
    }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        guard let raw = children["raw"], let test = children["test"] else {
            preconditionFailure("blkverify has raw and test")
        }
        guard raw.sizeBytes == test.sizeBytes else {
            throw GraphError(
                code: .size,
                object: "node/\(node.wished.name)",
                option: "test",
                reason: "raw has \(raw.sizeBytes) bytes and test has \(test.sizeBytes); disks "
                    + "that are compared are equally long"
            )
        }
        return BlockLimits(
            sizeBytes: raw.sizeBytes,
            alignmentBytes: max(raw.alignmentBytes, test.alignmentBytes),
            transferBytesMax: min(raw.transferBytesMax, test.transferBytesMax),
            preferredBytes: max(raw.preferredBytes, test.preferredBytes),
            isReadOnly: raw.isReadOnly || test.isReadOnly || node.wished.isReadOnly
        )
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        BlkverifyDriver(
            node: self,
            loop: context.loop,
            raw: context.edge("raw"),
            test: context.edge("test")
        )
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange {
        node.stage(opening.node)
    }

    func prepareRemoval() -> any PreparedChange { NoChange() }
    func check() throws(GraphError) {}

    var finding: String? {
        let findings = findings.withLock { $0 }
        guard let first = findings.first else { return nil }
        let times = findings.count == 1 ? "once" : "\(findings.count) times"
        return
            "raw and test of blkverify node \(node.current.name) differed \(times); first \(first)"
    }

    func close() -> String? { finding }
}
