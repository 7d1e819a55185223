internal import BlockGraph
internal import GraphModel
internal import RingLoop

/// Reads an image's header and tables in the control plane.
struct ImageLoader {
    /// Longest table of snapshots that is looked through before an image is written.
    private static let snapshotBytesMax: UInt64 = 4 << 20
    /// Most that mapping tables of all snapshots may have together.
    private static let snapshotMappingBytesMax: UInt64 = 256 << 20
    /// Longest piece that is read at once, so that a long table is not in memory twice.
    private static let pieceBytes: UInt64 = 1 << 20

    let settings: Qcow2Settings
    let access: ChildAccess
    let fileBytes: UInt64
    let dataFileBytes: UInt64
    let alignmentBytes: UInt64

    /// Reads everything, and prepares what an image needs before it is written: right counts when it
    /// was not closed properly, and a longer disk when it shall have one.
    func loadForWork() throws(GraphError) -> LoadedImage {
        var image = try load()
        let wanted = settings.sizeBytesMin
        if let fault = ImageGrowth.fault(in: image.header, to: wanted, settings) { throw fault }
        guard Self.needsWork(image.header, settings) else { return image }
        if image.header.incompatible.contains(.dirty) {
            image = try ImageRepair(loader: self, image: image).run()
        }
        guard wanted > image.header.sizeBytes else { return image }
        return try ImageGrowth(loader: reaching(image.fileBytes), image: image).run(to: wanted)
    }

    /// Whether an image has to be prepared before it is written.
    static func needsWork(_ header: Qcow2Header, _ settings: Qcow2Settings) -> Bool {
        guard !settings.isReadOnly else { return false }
        return header.incompatible.contains(.dirty) || settings.sizeBytesMin > header.sizeBytes
    }

    private func reaching(_ fileBytes: UInt64) -> ImageLoader {
        ImageLoader(
            settings: settings,
            access: access,
            fileBytes: fileBytes,
            dataFileBytes: dataFileBytes,
            alignmentBytes: alignmentBytes
        )
    }

    /// Reads everything.
    func load() throws(GraphError) -> LoadedImage {
        let (header, start) = try loadHeader()
        let isWritten = !settings.isReadOnly
        if isWritten, header.incompatible.contains(.corrupt) {
            throw settings.refusal(
                "the image of \(settings.object) is marked as corrupt and cannot be written; mend "
                    + "it with qemu-img check -r all, or set read-only: true"
            )
        }
        let mapping = try table(
            header.mappingOffset,
            count: UInt64(header.mappingCount),
            "mapping table"
        )
        var refcountTable: [UInt64] = []
        var snapshotClusters: [Range<UInt64>] = []
        var snapshotMappings: [(offset: UInt64, count: UInt64)] = []
        if isWritten {
            refcountTable = try table(
                header.refcountTableOffset,
                count: header.refcountTableCount,
                "reference count table"
            )
            (snapshotClusters, snapshotMappings) = try loadSnapshots(header)
            try checkPlaces(header)
            try check(header, mapping, "mapping table")
            try check(header, refcountTable, "reference count table")
        }
        let sectorBytes = min(max(Int(alignmentBytes), 4096), 1 << Int(header.clusterBits))
        var headerBytes = Array(start.prefix(sectorBytes))
        headerBytes += [UInt8](repeating: 0, count: sectorBytes - headerBytes.count)
        return LoadedImage(
            header: header,
            headerBytes: headerBytes,
            mapping: mapping,
            refcountTable: refcountTable,
            fileBytes: fileBytes,
            dataFileBytes: dataFileBytes,
            alignmentBytes: alignmentBytes,
            snapshotClusters: snapshotClusters,
            snapshotMappings: snapshotMappings
        )
    }

    /// Reads the header, with the whole of its cluster.
    func loadHeader() throws(GraphError) -> (header: Qcow2Header, bytes: [UInt8]) {
        // Clusters are seldom longer.
        let first = try bytes(0, min(fileBytes, 64 << 10), "header")
        var clusterBits: UInt64 = 0
        if first.count >= Qcow2Header.version2Bytes { clusterBits = first.big(20, 4) }
        var all = first
        let wanted = clusterBits <= 21 ? min(fileBytes, 1 << clusterBits) : 0
        if wanted > UInt64(first.count) { all = try bytes(0, wanted, "header") }
        do throws(Qcow2Fault) {
            return (try Qcow2Header(all), all)
        } catch {
            throw settings.refusal(
                "the image of \(settings.object) cannot be used: \(error.reason)"
            )
        }
    }

    /// Reads a table as far as anything is in it: what a header claims costs no memory.
    ///
    /// - Returns: Its entries up to the last that is not zero.
    func table(
        _ offset: UInt64,
        count: UInt64,
        _ name: String
    ) throws(GraphError) -> [UInt64] {
        guard count > 0 else { return [] }
        guard offset < fileBytes else {
            throw damage("its \(name) lies behind the end of the file, at \(offset)")
        }
        let length = min(count * 8, fileBytes - offset) & ~7
        var entries: [UInt64] = []
        entries.reserveCapacity(Int(length / 8))
        for begin in stride(from: 0, to: length, by: Int(Self.pieceBytes)) {
            let piece = try bytes(offset + begin, min(Self.pieceBytes, length - begin), name)
            piece.withUnsafeBytes { raw in
                for place in stride(from: 0, to: raw.count - 7, by: 8) {
                    let word = raw.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                    guard word != 0 else { continue }
                    let index = (Int(begin) + place) / 8
                    entries += repeatElement(0, count: index - entries.count)
                    entries.append(UInt64(bigEndian: word))
                }
            }
        }
        return entries
    }

    /// The two tables that the header names must not lie over each other.
    private func checkPlaces(_ header: Qcow2Header) throws(GraphError) {
        let geometry = header.geometry
        let end = geometry.roundUp(fileBytes)
        guard end >> UInt64(header.clusterBits) < ClusterBitmap.clusterMax else {
            throw damage("its file of \(fileBytes) bytes is too large to be written")
        }
        guard header.mappingCount > 0 else { return }
        let mapping = geometry.roundUp(UInt64(header.mappingCount) * 8)
        let refcounts = geometry.roundUp(header.refcountTableCount * 8)
        let (first, second) = (header.mappingOffset, header.refcountTableOffset)
        if second >= first ? second - first < mapping : first - second < refcounts {
            throw damage("its tables lie over each other at \(max(first, second))")
        }
    }

    /// Tables must lie in the file, where nothing else can come to lie when it grows.
    private func check(
        _ header: Qcow2Header,
        _ entries: [UInt64],
        _ name: String
    ) throws(GraphError) {
        let geometry = header.geometry
        let end = geometry.roundUp(fileBytes)
        for (place, entry) in entries.enumerated() {
            let offset = entry & Qcow2Geometry.offsetMask
            if offset == 0 { continue }
            guard offset & geometry.clusterMask == 0, offset < end else {
                throw damage("entry \(place) of its \(name) leads to \(offset), where no table is")
            }
        }
    }

    /// Clusters of the table of snapshots and of the snapshots' mapping tables.
    private func loadSnapshots(
        _ header: Qcow2Header
    ) throws(GraphError) -> ([Range<UInt64>], [(offset: UInt64, count: UInt64)]) {
        guard header.snapshotCount > 0 else { return ([], []) }
        let bits = UInt64(header.clusterBits)
        let start = header.snapshotsOffset
        guard start < fileBytes else {
            throw damage("its table of snapshots lies behind the end of the file, at \(start)")
        }
        let content = try bytes(
            start,
            min(Self.snapshotBytesMax, fileBytes - start),
            "table of snapshots"
        )
        var ranges: [Range<UInt64>] = []
        var mappings: [(offset: UInt64, count: UInt64)] = []
        var place = 0
        var total: UInt64 = 0
        for _ in 0..<header.snapshotCount {
            guard place + 40 <= content.count else {
                throw damage("its table of \(header.snapshotCount) snapshots is too long")
            }
            let offset = content.big(place, 8)
            let length = content.big(place + 8, 4) * 8
            guard length <= Qcow2Header.mappingBytesMax, offset < fileBytes else {
                throw damage("a snapshot's mapping table of \(length) bytes lies at \(offset)")
            }
            total += length
            guard offset + length <= header.geometry.roundUp(fileBytes),
                total <= Self.snapshotMappingBytesMax
            else {
                throw damage(
                    "its snapshots' mapping tables have more than "
                        + "\(Self.snapshotMappingBytesMax >> 20) MiB or lie behind its end"
                )
            }
            if length > 0 { mappings.append((offset, length / 8)) }
            if length > 0 { ranges.append((offset >> bits)..<((offset + length - 1) >> bits + 1)) }
            let names = Int(content.big(place + 12, 2) + content.big(place + 14, 2))
            let extra = content.big(place + 36, 4)
            guard extra <= 1024 else { throw damage("a snapshot has \(extra) bytes of extra data") }
            place = (place + 40 + Int(extra) + names + 7) / 8 * 8
        }
        let end = start + UInt64(min(place, content.count))
        ranges.append((start >> bits)..<((end - 1) >> bits + 1))
        return (ranges, mappings)
    }

    /// Reads bytes of the file.
    func bytes(
        _ offset: UInt64,
        _ lengthBytes: UInt64,
        _ name: String
    ) throws(GraphError) -> [UInt8] {
        guard offset < fileBytes else { return [] }
        let unit = alignmentBytes
        let rounded = min((lengthBytes + unit - 1) & ~(unit - 1), fileBytes - offset)
        let memory = AlignedMemory(lengthBytes: max(Int(rounded), 1))
        if rounded > 0 {
            let part = UnsafeMutableRawBufferPointer(start: memory.pointer, count: Int(rounded))
            let result = access.read("file", at: offset, into: part)
            guard result == 0 else {
                throw settings.refusal(
                    "the \(name) of \(settings.object) cannot be read: "
                        + SystemError.words(of: result)
                )
            }
        }
        return Array(
            UnsafeRawBufferPointer(start: memory.pointer, count: Int(min(lengthBytes, rounded)))
        )
    }

    func damage(_ fact: String) -> GraphError {
        settings.refusal(
            "the image of \(settings.object) is damaged: \(fact); look at it with qemu-img check"
        )
    }
}
