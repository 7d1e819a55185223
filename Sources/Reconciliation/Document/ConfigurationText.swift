/// One file of a configuration: its name for messages, and its bytes.
package struct ConfigurationText: Sendable {
    /// Path of the file as the user named it.
    package let path: String
    /// The content.
    package let bytes: [UInt8]

    /// Makes a text.
    package init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }
}

/// How much text is taken.
package struct DocumentLimits: Sendable {
    /// The usual size of the largest file, in bytes.
    package static let fileBytesUsual = 1 << 20
    /// The most that the size of the largest file can be set to, in bytes.
    package static let fileBytesLargest = 1 << 30
    /// Most values in a file of the usual size.
    private static let objectsUsual = 100_000

    /// Largest file, in bytes.
    package var fileBytesMax: Int
    /// Deepest nesting of mappings and lists.
    package var depthMax = 32
    /// Most values in a file, aliases counted with what they stand for.
    package var objectsMax: Int
    /// Most nodes of a configuration.
    package var nodesMax = 1_000_000
    /// Most findings that are reported one by one.
    package var diagnosticsMax = 50
    /// Files of at least that many bytes are read entry by entry where nothing speaks against it;
    /// what is said of them is the same.
    package var piecewiseBytesMin = 128 << 10

    /// The usual limits, or those for larger files: what may stand in one grows with it.
    ///
    /// - Parameter fileBytesMax: Largest file, in bytes; at most ``fileBytesLargest``.
    package init(fileBytesMax: Int = fileBytesUsual) {
        self.fileBytesMax = min(fileBytesMax, Self.fileBytesLargest)
        let times = max(1, (self.fileBytesMax + Self.fileBytesUsual - 1) / Self.fileBytesUsual)
        objectsMax = times * Self.objectsUsual
    }
}
