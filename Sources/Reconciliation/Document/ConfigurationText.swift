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
    /// Largest file, in bytes.
    package var fileBytesMax = 1 << 20
    /// Deepest nesting of mappings and lists.
    package var depthMax = 32
    /// Most values in a file, aliases counted with what they stand for.
    package var objectsMax = 100_000
    /// Most nodes of a configuration.
    package var nodesMax = 1_000_000
    /// Most findings that are reported one by one.
    package var diagnosticsMax = 50

    /// The usual limits.
    package init() {}
}
