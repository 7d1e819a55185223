/// Bytes of a read as they stand in the page cache, in place of a copy of them.
///
/// The pages are memory for the kernel only: it may be told to send them, and says `EFAULT` where
/// the file has ended meanwhile; whoever looks at them himself dies of it. A loan ends when the
/// loop goes on to anything else than reads and writes: what is not sent by then is read from the
/// file.
@frozen
package struct PageLoan {
    /// The first byte.
    package var pages: UnsafeMutableRawPointer
    /// A descriptor of the file that holds the bytes, too.
    package var file: Int32
    /// Where they begin in the file, in bytes.
    package var offsetBytes: UInt64

    /// A loan of a file's bytes.
    @inline(__always)
    package init(pages: UnsafeMutableRawPointer, file: Int32, offsetBytes: UInt64) {
        self.pages = pages
        self.file = file
        self.offsetBytes = offsetBytes
    }
}
