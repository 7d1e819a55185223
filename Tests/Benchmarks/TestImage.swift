import Glibc

/// The file that every server serves: written to the last byte, so that no read meets a hole.
struct TestImage {
    private let path: String
    private let descriptor: Int32
    private let chunks: Int

    /// One page at a time: a page cache that was filled by larger writes holds large folios, in
    /// which ext4 takes ten times as long for a 4 KiB write, whoever serves it.
    private static let chunkBytes = 4096

    /// Writes the file with pseudo-random bytes.
    init(path: String, bytes: Int) throws(BenchmarkError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw BenchmarkError("cannot make \(path): \(ChildProcess.reason())")
        }
        chunks = bytes / Self.chunkBytes
        try fill()
        settle()
    }

    /// Writes every page anew, so that what is measured is a write into the page cache: the first
    /// write to a clean page costs the file system more than all of a server.
    func fill() throws(BenchmarkError) {
        var words = [UInt64](repeating: 0, count: Self.chunkBytes / 8)
        var state: UInt64 = 0x2545_f491_4f6c_dd1d
        for index in words.indices {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            words[index] = state
        }
        for chunk in 0..<chunks {
            words[0] = UInt64(chunk)  // no two chunks are equal
            let offset = off_t(chunk * Self.chunkBytes)
            guard pwrite(descriptor, words, Self.chunkBytes, offset) == Self.chunkBytes else {
                throw BenchmarkError("cannot fill \(path): \(ChildProcess.reason())")
            }
        }
    }

    /// Waits until nothing is left to be written back, so that one server's writes do not slow the
    /// next one.
    func settle() { fsync(descriptor) }
}
