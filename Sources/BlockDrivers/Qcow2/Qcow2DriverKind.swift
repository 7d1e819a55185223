package import BlockGraph
internal import GraphModel

/// `qcow2`: QEMU's image format, versions 2 and 3.
///
/// The header never chooses a file: what it names is told to people, and opened only when the
/// configuration says so.
package struct Qcow2DriverKind: BlockDriverKind {
    package let name = "qcow2"

    /// The kind.
    package init() {}

    package func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        let settings = Qcow2Settings(opening)
        guard let plan = opening.access, let file = opening.children["file"] else {
            throw settings.refusal("a qcow2 node needs a file")
        }
        guard let creation = settings.creation, plan.sizeBytes(of: "file") == 0 else {
            return try Self.open(opening, settings, plan).opening()
        }
        guard !settings.isReadOnly, !file.isReadOnly else {
            throw settings.refusal(
                "the image of \(settings.object) cannot be made while it can only be read",
                code: .readOnly,
                option: "create"
            )
        }
        let hasDataFile = opening.node.child("data-file") != nil
        let making = ImageMaking(in: plan, edges: hasDataFile ? ["file", "data-file"] : ["file"])
        do throws(GraphError) {
            try ImageMaker(creation: creation, settings: settings, opening: opening, plan: plan)
                .make()
            return NodeOpening(node: try Self.open(opening, settings, plan), creation: making)
        } catch {
            making.abort()
            throw error
        }
    }

    private static func open(
        _ opening: DriverOpening,
        _ settings: Qcow2Settings,
        _ plan: ChildAccessPlan
    ) throws(GraphError) -> OpenQcow2 {
        let alignment = opening.children.values.map(\.alignmentBytes).max() ?? 1
        let image = try loader(
            settings,
            over: plan,
            alignmentBytes: UInt64(alignment),
            hasDataFile: opening.node.child("data-file") != nil
        ).load()
        try checkChildren(image.header, opening, settings)
        if let fault = ImageGrowth.fault(in: image.header, to: settings.sizeBytesMin, settings) {
            throw fault
        }
        return OpenQcow2(image: image, settings: settings)
    }

    /// What reads an image over its children.
    static func loader(
        _ settings: Qcow2Settings,
        over plan: ChildAccessPlan,
        alignmentBytes: UInt64,
        hasDataFile: Bool
    ) throws(GraphError) -> ImageLoader {
        ImageLoader(
            settings: settings,
            access: try plan.open(["file"]),
            fileBytes: plan.sizeBytes(of: "file"),
            dataFileBytes: hasDataFile ? plan.sizeBytes(of: "data-file") : 0,
            alignmentBytes: max(alignmentBytes, 1)
        )
    }

    /// What the image names must be told by the configuration, and what it needs must be there.
    private static func checkChildren(
        _ header: Qcow2Header,
        _ opening: DriverOpening,
        _ settings: Qcow2Settings
    ) throws(GraphError) {
        let node = opening.node
        let isSilent = node.child("backing") == nil && !node.emptySlots.contains("backing")
        if let name = header.backingName, isSilent {
            let format = header.backingFormat ?? "qcow2"
            let line =
                format == "raw"
                ? "backing: {driver: file, filename: \"\(name)\", read-only: true}"
                : "backing: {driver: \(format), read-only: true, "
                    + "file: {driver: file, filename: \"\(name)\"}}"
            throw settings.refusal(
                "the image of \(settings.object) names the backing file \"\(name)\", and a header "
                    + "chooses no file: write \(line), or backing: null to show zeroes there",
                option: "backing"
            )
        }
        let hasDataFile = node.child("data-file") != nil
        if header.geometry.hasDataFile, !hasDataFile {
            let name = header.dataFileName ?? "..."
            throw settings.refusal(
                "the image of \(settings.object) keeps its data in another file; write data-file: "
                    + "{driver: file, filename: \"\(name)\"}",
                option: "data-file"
            )
        }
        if hasDataFile, !header.geometry.hasDataFile {
            throw settings.refusal(
                "the image of \(settings.object) keeps its data in itself; take data-file out",
                option: "data-file"
            )
        }
        if node.child("backing") != nil, header.geometry.isDataFileRaw {
            throw settings.refusal(
                "the data file of \(settings.object) is a raw image and cannot have a backing",
                option: "backing"
            )
        }
    }
}
