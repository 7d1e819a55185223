package import BlockGraph
package import GraphModel
internal import RingLoop

/// `file` over simulated disks: `filename` is `disk` and a number.
package struct SimulatedFileKind: BlockDriverKind {
    package let name = "file"
    private let sizes: [Int]

    /// A kind over some disks.
    package init(_ machine: SimulatedMachine) { sizes = machine.disks.map(\.sizeBytes) }

    package func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        guard let number = Self.disk(of: opening.node), sizes.indices.contains(number) else {
            throw GraphError(
                code: .openFailed,
                object: "node/\(opening.node.name)",
                reason: "there is no such disk"
            )
        }
        return NodeOpening(node: SimulatedFile(disk: number, sizeBytes: sizes[number]))
    }

    /// Number of a node's disk.
    package static func disk(of node: NodeDescription) -> Int? {
        node.options.text("filename").flatMap { Int($0.dropFirst(4)) }
    }
}

private final class SimulatedFile: OpenNode {
    private let disk: Int
    private let sizeBytes: Int

    init(disk: Int, sizeBytes: Int) {
        self.disk = disk
        self.sizeBytes = sizeBytes
    }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        BlockLimits(sizeBytes: UInt64(sizeBytes), alignmentBytes: 512)
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        SimulatedFileDriver(kernel: context.loop.kernel, disk: disk)
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange { NoChange() }
    func prepareRemoval() -> any PreparedChange { NoChange() }
    func check() throws(GraphError) {}
    func close() -> String? { nil }
}

/// Hands every request to the kernel, and goes on after a short transfer.
private final class SimulatedFileDriver: BlockDriver {
    private let kernel: Kernel
    private let descriptor: Int32

    init(kernel: Kernel, disk: Int) {
        self.kernel = kernel
        descriptor = SimulatedMachine.descriptor(ofDisk: disk)
    }

    var movesPages: Bool { false }

    func submit(_ request: BlockRequest) -> BlockStatus {
        let slot = request.slot
        slot.pointee.progressBytes = 0
        slot.pointee.driverContext = Unmanaged.passUnretained(self).toOpaque()
        slot.pointee.ticket.handler = { ticket, result in
            let request = BlockRequest(ticket: ticket)
            guard let context = request.slot.pointee.driverContext else { return }
            Unmanaged<SimulatedFileDriver>.fromOpaque(context)._withUnsafeGuaranteedRef {
                $0.completed(request, result)
            }
        }
        switch slot.pointee.operation {
        case .read, .write: transfer(request)
        case .flush: kernel.sync(fd: descriptor, dataOnly: true, ticket: request.ticket)
        default: return .failed(95)
        }
        return .parked
    }

    private func transfer(_ request: BlockRequest) {
        let slot = request.slot
        guard let buffer = slot.pointee.buffer else { return request.finish(.failed(22)) }
        let done = Int(slot.pointee.progressBytes)
        let length = Int(slot.pointee.lengthBytes) - done
        let offset = slot.pointee.offsetBytes + UInt64(done)
        if slot.pointee.operation == .read {
            kernel.read(
                fd: descriptor,
                buffer: buffer + done,
                length: length,
                offset: offset,
                ticket: request.ticket
            )
        } else {
            kernel.write(
                fd: descriptor,
                buffer: buffer + done,
                length: length,
                offset: offset,
                ticket: request.ticket
            )
        }
    }

    private func completed(_ request: BlockRequest, _ result: Int32) {
        guard result >= 0 else { return request.finish(.failed(-result)) }
        guard request.slot.pointee.operation != .flush else { return request.finish(.done) }
        request.slot.pointee.progressBytes += UInt64(result)
        if request.slot.pointee.progressBytes == request.slot.pointee.lengthBytes {
            request.finish(.done)
        } else {
            transfer(request)
        }
    }
}
