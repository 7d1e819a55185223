/// One file of a configuration, as it was read.
package struct SourceFile: Hashable, Sendable {
    /// What tells whether a file is the one that was read.
    package struct Fingerprint: Hashable, Sendable {
        /// Device and inode.
        package var device: UInt64 = 0
        package var inode: UInt64 = 0
        /// Size in bytes.
        package var sizeBytes: Int64 = 0
        /// Last change of contents and of the inode, in nanoseconds since 1970.
        package var modifiedNanoseconds: Int64 = 0
        package var changedNanoseconds: Int64 = 0
    }

    /// Path as the user named it, with the path below it for a directory.
    package let path: String
    /// Its bytes: at most one more than the limit, so that a parser sees that it is too large.
    package let bytes: [UInt8]
    /// What it looked like when it was read.
    package let fingerprint: Fingerprint
    /// Whether it had been left alone long enough before it was read that a later change must show
    /// in its fingerprint: file systems note times in steps of several milliseconds.
    package let isSettled: Bool

    /// A file that was read.
    package init(
        path: String,
        bytes: [UInt8],
        fingerprint: Fingerprint,
        isSettled: Bool = false
    ) {
        self.path = path
        self.bytes = bytes
        self.fingerprint = fingerprint
        self.isSettled = isSettled
    }
}

/// Why something of a source could not be read.
package struct SourceFault: Hashable, Sendable {
    /// Path as the user named it.
    package let path: String
    /// A sentence.
    package let reason: String

    /// A fault.
    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }
}

/// Everything that was found at one path.
package struct SourceRead: Sendable {
    /// Files in the order of their paths.
    package var files: [SourceFile] = []
    /// What could not be read; a configuration with a fault is not a complete one.
    package var faults: [SourceFault] = []
    /// What is named as a source in a directory and can be none, such as a FIFO, with the reason;
    /// what is beside it is the whole configuration.
    package var oddities: [SourceFault] = []
    /// Files that are no sources, with the reason.
    package var ignored: [SourceFault] = []
    /// Files that were read while somebody had them open for writing, as far as the kernel tells.
    package var unfinished: [String] = []
    /// Whether a file changed while it was read; then the whole must be read again.
    package var moved = false
    /// Whether the path itself is missing, or a directory without any source.
    package var isLost = false
    /// The path is a directory.
    package var isDirectory = false
    /// Directory that relative file names start from, as it was named.
    package var baseDirectory = "."

    /// Nothing found yet.
    package init() {}
}
