/// What a handshake may know of an export.
struct NBDExportFacts: Hashable, Sendable {
    /// The export's key in the configuration.
    var key: String
    /// The name that clients ask for.
    var name: String
    /// What it is for, for people; may be empty.
    var description: String
    /// Size in bytes.
    var sizeBytes: UInt64
    /// Smallest block, a power of two of at most 64 KiB.
    var blockBytesMin: UInt32
    /// Block that is best used.
    var blockBytesPreferred: UInt32
    /// Longest payload.
    var payloadBytesMax: UInt32
    /// Whether clients may write.
    var isWritable: Bool

    /// The flags that a client is told.
    func transmissionFlags(isStructured: Bool) -> NBDTransmissionFlags {
        var flags: NBDTransmissionFlags = [
            .hasFlags, .flush, .forceUnitAccess, .multipleConnections, .cache,
        ]
        if isWritable {
            flags.formUnion([.trim, .writeZeroes, .fastZero])
        } else {
            flags.insert(.readOnly)
        }
        if isStructured { flags.insert(.doNotFragment) }
        return flags
    }
}

/// Which exports a client can find.
protocol NBDCatalogue {
    /// The export of a name; the empty name means the only one there is.
    func export(named name: String) -> NBDExportFacts?
    /// All of them, by name.
    var exports: [NBDExportFacts] { get }
    /// Whether one more client of an export would be too many.
    func isFull(_ key: String) -> Bool
}

/// What client and server agreed upon when the handshake ended.
struct NBDAgreement: Hashable, Sendable {
    /// The export's key in the configuration.
    var exportKey: String
    /// Whether replies are structured.
    var isStructured: Bool
    /// Whether block status tells `base:allocation`.
    var hasAllocation: Bool
    /// Whether it tells `qemu:allocation-depth`.
    var hasDepth = false
}
