import Glibc

/// The machine's free memory, seen as the place where the next pages of the page cache come from.
enum FreeMemory {
    /// As much as any workload adds to the page cache while it is measured, roughly.
    private static let bytes = 2 << 30

    /// Uses free memory once and gives it back.
    ///
    /// A virtual machine may have handed free pages to its host, which takes ten times as long to
    /// bring one back as a server needs to fill it. Without this, who is measured first after a
    /// pause pays that for all others, or whoever writes most.
    static func touch() {
        let start = mmap(
            nil,
            bytes,
            PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
            -1,
            0
        )
        if let start, start != MAP_FAILED { munmap(start, bytes) }
    }
}
