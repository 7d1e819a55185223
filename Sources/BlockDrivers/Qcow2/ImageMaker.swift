internal import BlockGraph
internal import GraphModel
internal import RingLoop

/// Makes an empty image, as `qemu-img create` would.
///
/// ```
/// header | reference count table | blocks | mapping table | preallocated: mapping tables | data
/// ```
/// All clusters in use follow each other from the first on. The header is written last, so that a
/// crash leaves no half an image.
struct ImageMaker {
    let creation: Qcow2Creation
    let settings: Qcow2Settings
    let opening: DriverOpening
    let plan: ChildAccessPlan

    /// Where everything comes to lie, in clusters.
    private struct Layout {
        var tableClusters: UInt64 = 1
        var blockCount: UInt64 = 1
        var mappingClusters: UInt64 = 1
        var mappingTables: UInt64 = 0
        var dataClusters: UInt64 = 0

        var mappingStart: UInt64 { 1 + tableClusters + blockCount }
        var mappingTablesStart: UInt64 { mappingStart + mappingClusters }
        var dataStart: UInt64 { mappingTablesStart + mappingTables }
        var end: UInt64 { dataStart + dataClusters }
    }

    private var hasDataFile: Bool { opening.node.child("data-file") != nil }

    private var geometry: Qcow2Geometry {
        Qcow2Geometry(
            version: creation.version,
            clusterBits: UInt32(creation.clusterBytes.trailingZeroBitCount),
            refcountOrder: 4,
            hasSubclusters: creation.hasSubclusters,
            hasDataFile: hasDataFile,
            isDataFileRaw: false
        )
    }

    /// Writes the image.
    func make() throws(GraphError) {
        let hasBacking = opening.node.child("backing") != nil
        if let create = opening.node.options.mapping("create"),
            let fault = DriverSpecification.qcow2CreationFault(in: create, hasBacking: hasBacking)
        {
            throw refusal(fault.message)
        }
        let geometry = geometry
        let tables = geometry.tablesNeeded(creation.sizeBytes)
        guard tables * 8 <= Qcow2Header.mappingBytesMax else {
            throw refusal(
                "a disk of \(creation.sizeBytes) bytes needs larger clusters than "
                    + "\(creation.clusterBytes) bytes; set cluster-size"
            )
        }
        let layout = try makeLayout(geometry, tables)
        let access = try plan.open(hasDataFile ? ["file", "data-file"] : ["file"])
        try writeTables(layout, geometry, access)
        try preallocate(layout, geometry, tables, access)
        try write(try headerBytes(layout, geometry, tables), at: 0, access)
        try check(access.flush("file"), "made durable")
    }

    private func makeLayout(
        _ geometry: Qcow2Geometry,
        _ tables: UInt64
    ) throws(GraphError) -> Layout {
        var layout = Layout()
        layout.mappingClusters = max(
            geometry.roundUp(tables * 8) >> UInt64(geometry.clusterBits),
            1
        )
        if creation.preallocation != .off {
            layout.mappingTables = tables
            let clusters = geometry.roundUp(creation.sizeBytes) >> UInt64(geometry.clusterBits)
            layout.dataClusters = hasDataFile ? 0 : clusters
        }
        while true {
            let blocks = (layout.end + geometry.blockCount - 1) >> UInt64(geometry.blockBits)
            let bytes = geometry.roundUp(blocks * 8)
            let clusters = bytes >> UInt64(geometry.clusterBits)
            if blocks <= layout.blockCount, clusters <= layout.tableClusters { break }
            layout.blockCount = max(blocks, layout.blockCount)
            layout.tableClusters = max(clusters, layout.tableClusters)
            guard bytes <= Qcow2Header.refcountTableBytesMax else {
                throw refusal("the image would need too many reference counts; set cluster-size")
            }
        }
        return layout
    }

    /// Reference counts, and an empty or a full mapping table.
    private func writeTables(
        _ layout: Layout,
        _ geometry: Qcow2Geometry,
        _ access: ChildAccess
    ) throws(GraphError) {
        let bits = UInt64(geometry.clusterBits)
        var table: [UInt8] = []
        for block in 0..<layout.blockCount {
            table.appendBig((1 + layout.tableClusters + block) << bits, 8)
        }
        try write(padded(table, layout.tableClusters << bits), at: 1 << bits, access)
        for block in 0..<layout.blockCount {
            let first = block << UInt64(geometry.blockBits)
            let used = min(layout.end - min(first, layout.end), geometry.blockCount)
            var content: [UInt8] = []
            content.reserveCapacity(Int(geometry.clusterBytes))
            for _ in 0..<used { content += [0, 1] }
            try write(
                padded(content, geometry.clusterBytes),
                at: (1 + layout.tableClusters + block) << bits,
                access
            )
        }
        var mapping: [UInt8] = []
        for number in 0..<layout.mappingTables {
            let offset = (layout.mappingTablesStart + number) << bits
            mapping.appendBig(offset | Qcow2Geometry.copiedFlag, 8)
        }
        try write(
            padded(mapping, layout.mappingClusters << bits),
            at: layout.mappingStart << bits,
            access
        )
    }

    /// Mapping tables of a disk that is allocated at once, and its data.
    private func preallocate(
        _ layout: Layout,
        _ geometry: Qcow2Geometry,
        _ tables: UInt64,
        _ access: ChildAccess
    ) throws(GraphError) {
        guard creation.preallocation != .off else { return }
        let bits = UInt64(geometry.clusterBits)
        let clusters = geometry.roundUp(creation.sizeBytes) >> bits
        for number in 0..<tables {
            var content: [UInt8] = []
            content.reserveCapacity(Int(geometry.clusterBytes))
            let first = number << UInt64(geometry.tableBits)
            for cluster in first..<min(first + geometry.tableCount, clusters) {
                let host = hasDataFile ? cluster << bits : (layout.dataStart + cluster) << bits
                content.appendBig(host | Qcow2Geometry.copiedFlag, 8)
                if geometry.hasSubclusters { content.appendBig(geometry.allSubclusters, 8) }
            }
            try write(
                padded(content, geometry.clusterBytes),
                at: (layout.mappingTablesStart + number) << bits,
                access
            )
        }
        guard clusters > 0 else { return }
        let child = hasDataFile ? "data-file" : "file"
        let end = (hasDataFile ? 0 : layout.dataStart << bits) + clusters << bits
        let start = hasDataFile ? endOfData : layout.dataStart << bits
        guard start < end else { return }
        if creation.preallocation == .falloc {
            let result = access.writeZeroes(child, at: start, lengthBytes: end - start)
            try check(result, "given its room")
        }
        // The last unit is written in any case, so that the file is as long as it shall be.
        let piece = [UInt8](repeating: 0, count: 1 << 20)
        let last = (max(end, 4096) - 4096) & ~4095
        var offset = creation.preallocation == .full ? start : max(last, start)
        while offset < end {
            let length = Int(min(end - offset, UInt64(piece.count)))
            try write(Array(piece.prefix(length)), to: child, at: offset, access)
            offset += UInt64(length)
        }
    }

    /// Where a data file ends, as a whole number of its units.
    ///
    /// What is before it is somebody's data, perhaps of a disk that is served now and again after an
    /// abort: only what is behind it is written.
    private var endOfData: UInt64 {
        let unit = UInt64(max(opening.children["data-file"]?.alignmentBytes ?? 1, 1))
        return (plan.sizeBytes(of: "data-file") + unit - 1) / unit * unit
    }

    private func headerBytes(
        _ layout: Layout,
        _ geometry: Qcow2Geometry,
        _ tables: UInt64
    ) throws(GraphError) -> [UInt8] {
        let bits = UInt64(geometry.clusterBits)
        let backing = opening.node.child("backing") != nil ? plan.origin(of: "backing") : nil
        let name = Array((backing?.filename.map { opening.path($0) } ?? "").utf8)
        let extensions = headerExtensions(backing?.driver, hasName: !name.isEmpty)
        let headerLength = creation.version == 2 ? Qcow2Header.version2Bytes : 112
        let nameOffset = headerLength + extensions.count
        guard name.count <= Int(Qcow2Header.nameBytesMax),
            nameOffset + name.count <= Int(geometry.clusterBytes)
        else {
            throw refusal("the name of the backing file has \(name.count) bytes, too many")
        }
        var bytes: [UInt8] = []
        bytes.appendBig(UInt64(Qcow2Header.magic), 4)
        bytes.appendBig(UInt64(creation.version), 4)
        bytes.appendBig(name.isEmpty ? 0 : UInt64(nameOffset), 8)
        bytes.appendBig(UInt64(name.count), 4)
        bytes.appendBig(bits, 4)
        bytes.appendBig(creation.sizeBytes, 8)
        bytes.appendBig(0, 4)
        bytes.appendBig(tables, 4)
        bytes.appendBig(layout.mappingStart << bits, 8)
        bytes.appendBig(1 << bits, 8)
        bytes.appendBig(layout.tableClusters, 4)
        bytes.appendBig(0, 4)
        bytes.appendBig(0, 8)
        if creation.version > 2 {
            bytes.appendBig(features.rawValue, 8)
            bytes.appendBig(creation.lazyRefcounts ? Qcow2Header.lazyRefcounts : 0, 8)
            bytes.appendBig(0, 8)
            bytes.appendBig(UInt64(geometry.refcountOrder), 4)
            bytes.appendBig(UInt64(headerLength), 4)
            bytes += [creation.compressionType, 0, 0, 0, 0, 0, 0, 0]
        }
        return padded(bytes + extensions + name, geometry.clusterBytes)
    }

    private var features: Qcow2Header.Incompatible {
        var features: Qcow2Header.Incompatible = []
        if hasDataFile { features.insert(.dataFile) }
        if creation.compressionType != 0 { features.insert(.compressionType) }
        if creation.hasSubclusters { features.insert(.extendedEntries) }
        return features
    }

    private func headerExtensions(_ backingDriver: String?, hasName: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        func add(_ kind: UInt64, _ content: [UInt8]) {
            bytes.appendBig(kind, 4)
            bytes.appendBig(UInt64(content.count), 4)
            bytes += padded(content, UInt64((content.count + 7) / 8 * 8))
        }
        if hasName, let backingDriver {
            add(0xe279_2aca, Array((backingDriver == "qcow2" ? "qcow2" : "raw").utf8))
        }
        if hasDataFile, let name = plan.origin(of: "data-file")?.filename {
            add(0x4441_5441, Array(opening.path(name).utf8))
        }
        bytes.appendBig(0, 8)
        return bytes
    }

    // MARK: - Writing

    private func padded(_ bytes: [UInt8], _ lengthBytes: UInt64) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: max(Int(lengthBytes) - bytes.count, 0))
    }

    private func write(
        _ bytes: [UInt8],
        to child: String = "file",
        at offset: UInt64,
        _ access: ChildAccess
    ) throws(GraphError) {
        let memory = AlignedMemory(lengthBytes: max(bytes.count, 1))
        memory.bytes.copyBytes(from: bytes)
        let part = UnsafeRawBufferPointer(start: memory.pointer, count: bytes.count)
        try check(access.write(child, at: offset, part), "written")
    }

    private func check(_ result: Int32, _ deed: String) throws(GraphError) {
        guard result != 0 else { return }
        throw settings.refusal(
            "the image of \(settings.object) cannot be \(deed): \(SystemError.words(of: result))",
            code: result == 28 ? .noSpace : .openFailed,
            option: "create"
        )
    }

    private func refusal(_ reason: String) -> GraphError {
        settings.refusal(
            "the image of \(settings.object) cannot be made: \(reason)",
            option: "create"
        )
    }
}
