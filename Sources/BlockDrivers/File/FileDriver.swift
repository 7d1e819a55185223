internal import BlockGraph
internal import Glibc
internal import RingLoop
internal import Synchronization

/// One loop's view of a `file` node.
///
/// A read whose bytes are in the page cache is answered at once, and so is a buffered write to a
/// local file while these are fast (``SynchronousPace``). Everything else goes to the ring and is
/// parked:
///
/// ```
/// submit --> answered
///        --> parked: read, write, splice  --short--> the rest --> finished
///                    punch --refused--> zero range --refused--> pieces of zeroes --> (sync) --> finished
///                    sync --> finished
/// ```
/// While a request is parked its slot's `progressBytes` counts what is done, `driverValue` is the
/// descriptor's epoch, and `driverContext` an aligned copy of its payload, if it needs one.
/// A pipe is expected to have room for the whole read, or to hold the whole write; after a failure
/// its owner empties it.
final class FileDriver: BlockDriver {
    let node: OpenFile
    let loop: EventLoop
    let kernel: Kernel
    let view: UnsafeMutablePointer<FileView>
    private var descriptor: DataDescriptor
    /// Descriptors of before, while requests in the kernel may name them.
    private var earlier: [DataDescriptor] = []
    /// What of the file can be sent from where it is; made when first needed.
    private var lentPages: LentPages?
    /// Zeroes to write where the file system has nothing better; made when first needed.
    private var zeroes: UnsafeMutableRawPointer?

    /// Length of the zeroes, in bytes.
    static let zeroesBytes = 256 << 10

    init(node: OpenFile, loop: EventLoop) {
        self.node = node
        self.loop = loop
        kernel = loop.kernel
        let access = node.access
        descriptor = access.descriptor
        view = .allocate(capacity: 1)
        view.initialize(to: FileView(access))
    }

    deinit {
        precondition(
            view.pointee.currentCount + view.pointee.earlierCount == 0,
            "a file's view goes while requests are in the kernel"
        )
        view.deallocate()
        zeroes?.deallocate()
    }

    var movesPages: Bool {
        let view = view.pointee
        if view.isDirect || view.detectsZeroes { return false }
        return view.storage == .memory || (view.storage == .local && view.tellsResidency)
    }

    var lendsPages: Bool {
        !view.pointee.isDirect && !view.pointee.detectsZeroes && view.pointee.storage != .remote
    }

    func submit(_ request: BlockRequest) -> BlockStatus {
        request.slot.pointee.progressBytes = 0
        switch request.slot.pointee.operation {
        case .read: return read(request)
        case .write: return write(request)
        case .flush: return flush(request)
        case .discard: return discard(request)
        case .writeZeroes: return writeZeroes(request)
        case .extents: return listExtents(request)
        }
    }

    func optionsChanged() {
        let access = node.access
        let old = view.pointee
        var new = FileView(access)
        new.pace = old.pace
        new.epoch = old.epoch
        new.currentCount = old.currentCount
        new.earlierCount = old.earlierCount
        if access.descriptor !== descriptor {
            if old.currentCount + old.earlierCount > 0 { earlier.append(descriptor) }
            descriptor = access.descriptor
            lentPages = nil
            new.epoch += 1
            new.earlierCount += old.currentCount
            new.currentCount = 0
        }
        if let lentPages {
            new.hasTriedLending = true
            new.lentPages = .passUnretained(lentPages)
        }
        view.pointee = new
    }

    /// Gets ready to lend pages, if that is possible.
    func openLentPages() {
        view.pointee.hasTriedLending = true
        guard let mapping = descriptor.makeMapping() else { return }
        let pages = LentPages(mapping, loop: loop)
        lentPages = pages
        view.pointee.lentPages = .passUnretained(pages)
    }

    /// The driver that has a ticket's request in the kernel.
    @inline(__always)
    static func withDriver(
        of ticket: UnsafeMutablePointer<KernelTicket>,
        _ body: (FileDriver, BlockRequest) -> Void
    ) {
        guard let context = ticket.pointee.context else { return }
        Unmanaged<FileDriver>.fromOpaque(context)._withUnsafeGuaranteedRef {
            body($0, BlockRequest(ticket: ticket))
        }
    }

    /// Begins a request's stay in the kernel.
    func park(_ request: BlockRequest) -> BlockStatus {
        request.slot.pointee.driverValue = view.pointee.epoch
        request.slot.pointee.ticket.context = Unmanaged.passUnretained(self).toOpaque()
        view.pointee.currentCount += 1
        return .parked
    }

    /// Ends a request's stay in the kernel and answers it.
    func finish(_ request: BlockRequest, _ status: BlockStatus) {
        if let copy = request.slot.pointee.driverContext {
            request.slot.pointee.driverContext = nil
            copy.deallocate()
        }
        if request.slot.pointee.driverValue == view.pointee.epoch {
            view.pointee.currentCount -= 1
        } else {
            view.pointee.earlierCount -= 1
            if view.pointee.earlierCount == 0 { earlier.removeAll() }
        }
        request.finish(status)
    }

    /// Puts the slot's ticket to a new use.
    @inline(__always)
    func ticket(
        _ request: BlockRequest,
        _ handler: @escaping KernelTicket.Handler
    ) -> UnsafeMutablePointer<KernelTicket> {
        request.ticket.pointee.handler = handler
        return request.ticket
    }

    /// Memory of a payload: an aligned copy for the disk's sake, or the request's own.
    @inline(__always)
    func memory(_ request: BlockRequest) -> UnsafeMutableRawPointer? {
        request.slot.pointee.driverContext ?? request.slot.pointee.buffer
    }

    /// Whether a payload's memory does not suit the device.
    @inline(__always)
    func needsCopy(_ request: BlockRequest) -> Bool {
        guard view.pointee.isDirect else { return false }
        return UInt(bitPattern: request.slot.pointee.buffer) & view.pointee.memoryAlignmentMask != 0
    }

    /// Gives a request memory that suits every device.
    func makeCopy(_ request: BlockRequest) -> UnsafeMutableRawPointer {
        let copy = UnsafeMutableRawPointer.allocate(
            byteCount: Int(request.slot.pointee.lengthBytes),
            alignment: AlignedMemory.alignmentBytes
        )
        request.slot.pointee.driverContext = copy
        return copy
    }

    /// Zeroes to write, ``zeroesBytes`` long.
    var zeroMemory: UnsafeMutableRawPointer {
        if let zeroes { return zeroes }
        let made = UnsafeMutableRawPointer.allocate(
            byteCount: Self.zeroesBytes,
            alignment: AlignedMemory.alignmentBytes
        )
        memset(made, 0, Self.zeroesBytes)
        zeroes = made
        return made
    }

    /// Remembers that the page cache has lost writes.
    func rememberFlushError(_ number: Int32) {
        guard !view.pointee.isDirect else { return }
        _ = descriptor.flushError.compareExchange(
            expected: 0,
            desired: number,
            ordering: .relaxed
        )
    }

    /// The error of an earlier flush, or 0.
    var flushError: Int32 { descriptor.flushError.load(ordering: .relaxed) }
}
