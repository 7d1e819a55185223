internal import BlockGraph
internal import GraphModel
internal import RingLoop

/// An open `qcow2` node: its tables as they were read, and the engine while it can be written.
///
/// An image that may be written has one engine, which moves with the node from loop to loop; one
/// that is only read has an engine for each view, so that loops share nothing.
final class OpenQcow2: OpenNode {
    private struct Content {
        var image: LoadedImage
        var settings: Qcow2Settings
        var pendingImage: LoadedImage?
        var pendingSettings: Qcow2Settings?
        var engine: ImageEngine?
        var home: EventLoop?
        /// The file's end before something was prepared behind it, which an abort takes off again.
        var former: (plan: ChildAccessPlan, fileBytes: UInt64)?
        /// Grows when the image was read anew.
        var revision = 0
    }

    private let content: Locked<Content>

    init(image: LoadedImage, settings: Qcow2Settings) {
        content = Locked(Content(image: image, settings: settings))
    }

    /// What views obey.
    var currentSettings: Qcow2Settings { content.withLock { $0.settings } }
    /// Which reading of the image views work with.
    var revision: Int { content.withLock { $0.revision } }

    var livesOnOneLoop: Bool {
        content.withLock { !($0.pendingSettings ?? $0.settings).isReadOnly }
    }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        let (image, settings) = content.withLock { ($0.image, $0.pendingSettings ?? $0.settings) }
        var alignment: UInt32 = 1
        for child in children.values { alignment = max(alignment, child.alignmentBytes) }
        guard UInt64(alignment) <= image.header.geometry.clusterBytes else {
            throw settings.refusal(
                "clusters of \(image.header.geometry.clusterBytes) bytes are smaller than the "
                    + "request alignment \(alignment) of a child; set cache: {direct: false} there",
                code: .size
            )
        }
        let data = children["data-file"]
        var limits = BlockLimits(
            sizeBytes: max(image.header.sizeBytes, settings.sizeBytesMin),
            alignmentBytes: alignment,
            preferredBytes: max(4096, alignment),
            isReadOnly: settings.isReadOnly || children["file"]?.isReadOnly ?? true
                || data?.isReadOnly ?? false
        )
        limits.clusterBytes = UInt32(image.header.geometry.clusterBytes)
        limits.compresses = !image.header.geometry.hasDataFile
        limits.layerCount = settings.layerCount
        return limits
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        Qcow2Driver(node: self, context: context)
    }

    /// The engine for a view: a new one, or the one that the image has.
    func engine(in context: DriverContext) -> ImageEngine {
        content.withLock { content in
            if let engine = content.engine {
                engine.bind(context)
                engine.apply(content.settings)
                content.home = context.loop
                return engine
            }
            let engine = ImageEngine(content.image, settings: content.settings, context: context)
            if !content.settings.isReadOnly {
                content.engine = engine
                content.home = context.loop
                content.image.forgetTables()
            }
            return engine
        }
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange {
        let settings = Qcow2Settings(opening)
        let header = content.withLock { $0.image.header }
        if let fault = ImageGrowth.fault(in: header, to: settings.sizeBytesMin, settings) {
            throw fault
        }
        content.withLock { $0.pendingSettings = settings }
        return Qcow2Change(node: self)
    }

    func prepareRemoval() -> any PreparedChange { NoChange() }
    func check() throws(GraphError) {}

    func settle(over access: ChildAccessPlan) throws(GraphError) {
        let (engine, home, settings) = content.withLock { ($0.engine, $0.home, $0.settings) }
        guard let engine, let home else { return }
        precondition(!home.isCurrent, "a loop cannot wait for itself")
        let call: SettleCall
        do throws(SystemError) {
            call = try SettleCall()
        } catch {
            throw settings.refusal(error.sentence, option: nil)
        }
        guard home.post({ call.begin { engine.settle($0) } }) else { return }
        let result = call.wait(until: access.deadlineNanoseconds)
        guard result == 0 else {
            throw settings.refusal(
                "what \(settings.object) holds in memory could not be written: "
                    + "\(SystemError.words(of: result)); nothing was changed"
            )
        }
    }

    func begin(over access: ChildAccessPlan) throws(GraphError) {
        let (old, settings) = content.withLock { ($0.image, $0.pendingSettings ?? $0.settings) }
        guard access.mayHaveChanged || ImageLoader.needsWork(old.header, settings) else { return }
        // What a node that comes has read is read again.
        content.withLock { if $0.pendingSettings == nil { $0.image.forgetTables() } }
        let loader = try Qcow2DriverKind.loader(
            settings,
            over: access,
            alignmentBytes: old.alignmentBytes,
            hasDataFile: old.header.geometry.hasDataFile
        )
        let image: LoadedImage
        do throws(GraphError) {
            image = try loader.loadForWork()
        } catch {
            access.shrink("file", toBytes: loader.fileBytes)
            throw error
        }
        if image.olderSizeBytes != nil {
            content.withLock { $0.former = (access, loader.fileBytes) }
        }
        let size = image.olderSizeBytes ?? image.header.sizeBytes
        guard size == old.header.sizeBytes || size == old.olderSizeBytes,
            image.header.geometry == old.header.geometry
        else {
            throw settings.refusal(
                "the image of \(settings.object) is another one than when it was opened; try again"
            )
        }
        content.withLock { content in
            if content.pendingSettings == nil {
                content.image = image
            } else {
                content.pendingImage = image
            }
        }
    }

    /// The node as a transaction opens it; its abort takes back what it changed in the image.
    func opening() -> NodeOpening { NodeOpening(node: self, creation: Qcow2Change(node: self)) }

    /// Drops tables that were not used lately, for the view of one loop.
    ///
    /// An engine that has moved to another loop is left alone: its new view holds the lock while it
    /// takes it over.
    func forgetUnused(_ engine: ImageEngine, on loop: EventLoop) {
        content.withLock { content in
            guard content.engine !== engine || content.home === loop else { return }
            engine.tables.forgetUnused()
            engine.blocks.forgetUnused()
        }
    }

    func close() -> String? {
        content.withLock { $0.engine = nil }
        return nil
    }

    fileprivate func commitChange() {
        content.withLock { content in
            content.settings = content.pendingSettings ?? content.settings
            content.pendingSettings = nil
            content.former = nil
            guard let image = content.pendingImage else { return }
            content.pendingImage = nil
            content.image = image
            content.engine = nil
            content.revision += 1
        }
    }

    fileprivate func abortChange() {
        let former = content.withLock { content in
            content.pendingSettings = nil
            content.pendingImage = nil
            defer { content.former = nil }
            return content.former
        }
        former?.plan.shrink("file", toBytes: former?.fileBytes ?? 0)
    }
}

/// A change of options, rights or children of an open image.
private final class Qcow2Change: PreparedChange {
    private let node: OpenQcow2

    init(node: OpenQcow2) { self.node = node }

    func commit() { node.commitChange() }
    func abort() { node.abortChange() }
}
