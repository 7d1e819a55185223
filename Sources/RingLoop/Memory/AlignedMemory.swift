/// The owner of memory that starts on a page, as direct I/O needs it.
package struct AlignedMemory: ~Copyable {
    /// Alignment in bytes: a page, which is at least any device's sector.
    package static let alignmentBytes = 4096

    /// First byte; valid as long as the owner lives.
    package let pointer: UnsafeMutableRawPointer
    /// Size, in bytes.
    package let lengthBytes: Int

    /// Allocates memory whose content is undefined.
    package init(lengthBytes: Int) {
        precondition(lengthBytes > 0, "memory of \(lengthBytes) bytes is none")
        self.lengthBytes = lengthBytes
        pointer = .allocate(byteCount: lengthBytes, alignment: Self.alignmentBytes)
    }

    deinit { pointer.deallocate() }

    /// All of it.
    package var bytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: pointer, count: lengthBytes)
    }
}
