internal import BlockGraph
internal import Glibc
internal import GraphModel

/// Options of a `blkdebug` node.
struct BlkdebugSettings: Sendable {
    let node: String
    let alignmentBytes: UInt32
    let transferBytesMax: UInt32
    let delayNanoseconds: UInt64
    let rules: [ErrorRule]
    let stateChanges: [StateChange]
    let general: NodeRules

    /// Reads the options; rules that were there before keep what they have done.
    init(_ node: NodeDescription, keeping old: [ErrorRule] = []) throws(GraphError) {
        self.node = node.name
        general = NodeRules(node.options)
        alignmentBytes = UInt32(clamping: node.options.integer("align") ?? 0)
        transferBytesMax = UInt32(clamping: node.options.integer("max-transfer") ?? 0)
        delayNanoseconds = UInt64(clamping: node.options.integer("delay") ?? 0)
        var kept = old
        var rules: [ErrorRule] = []
        for entry in node.options.list("inject-error") ?? [] {
            guard case .mapping(let options) = entry else { continue }
            let definition = try ErrorRule.Definition(options, node: node.name)
            if let index = kept.firstIndex(where: { $0.definition == definition }) {
                rules.append(kept.remove(at: index))
            } else {
                rules.append(ErrorRule(definition))
            }
        }
        self.rules = rules
        stateChanges = (node.options.list("set-state") ?? []).compactMap { entry in
            guard case .mapping(let options) = entry else { return nil }
            return StateChange(options)
        }
        guard alignmentBytes & (alignmentBytes &- 1) == 0 else {
            throw GraphError(
                code: .size,
                object: "node/\(node.name)",
                option: "align",
                reason: "an alignment of \(alignmentBytes) bytes is not a power of two"
            )
        }
        guard transferBytesMax % max(alignmentBytes, 1) == 0 else {
            throw GraphError(
                code: .size,
                object: "node/\(node.name)",
                option: "max-transfer",
                reason: "a longest transfer of \(transferBytesMax) bytes is not a multiple of the "
                    + "alignment \(alignmentBytes)"
            )
        }
    }

    /// Limits over a child.
    func limits(over child: BlockLimits) throws(GraphError) -> BlockLimits {
        var limits = general.limits(over: child)
        limits.alignmentBytes = max(child.alignmentBytes, alignmentBytes, 1)
        limits.preferredBytes = max(child.preferredBytes, limits.alignmentBytes)
        if transferBytesMax > 0 {
            limits.transferBytesMax = min(child.transferBytesMax, transferBytesMax)
        }
        guard limits.transferBytesMax >= limits.alignmentBytes else {
            throw GraphError(
                code: .size,
                object: "node/\(node)",
                option: "max-transfer",
                reason: "a longest transfer of \(limits.transferBytesMax) bytes is less than the "
                    + "request alignment \(limits.alignmentBytes)"
            )
        }
        return limits
    }
}

extension ErrorRule.Definition {
    private static let sectorBytes: Int64 = 512
    /// Without `iotype`: everything that QEMU's rule means then.
    private static let operationsDefault: [BlockOperation] = [
        .read, .write, .writeZeroes, .discard, .flush,
    ]

    /// The definition in one `inject-error` entry.
    init(_ options: Options, node: String) throws(GraphError) {
        var operations = Self.operationsDefault
        if let word = options.text("iotype") {
            guard let named = Self.operation(word) else {
                throw GraphError(
                    code: .openFailed,
                    object: "node/\(node)",
                    option: "inject-error",
                    reason: "\"\(word)\" is no kind of request; choose read, write, write-zeroes, "
                        + "discard, flush or block-status"
                )
            }
            operations = [named]
        }
        self.operations = operations.reduce(0) { $0 | 1 << $1.rawValue }
        events = options.text("event").flatMap { BlockEvents(name: $0) } ?? []
        state = Int(clamping: options.integer("state") ?? 0)
        let sector = options.integer("sector") ?? -1
        let (byte, overflow) = sector.multipliedReportingOverflow(by: Self.sectorBytes)
        offsetBytes = sector < 0 || overflow ? nil : UInt64(byte)
        errorNumber = Int32(clamping: options.integer("errno") ?? Int64(EIO))
        happensOnce = options.flag("once") ?? false
        probability = options.fraction("probability") ?? 1
    }

    private static func operation(_ word: String) -> BlockOperation? {
        switch word {
        case "read": .read
        case "write": .write
        case "write-zeroes": .writeZeroes
        case "discard": .discard
        case "flush": .flush
        case "block-status": .extents
        default: nil
        }
    }
}
