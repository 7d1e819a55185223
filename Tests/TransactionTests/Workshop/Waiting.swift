import Glibc
import Testing

/// Looks again and again until something holds; fails after twenty seconds.
func eventually(_ holds: () async throws -> Bool) async throws {
    for _ in 0..<20_000 {
        if try await holds() { return }
        // Not a blocking sleep: what is waited for may need this very thread.
        try await Task.sleep(nanoseconds: 1_000_000)
    }
    Issue.record("it did not come to hold")
}

/// A lock byte that another open file description holds, as another process would.
final class ForeignLock {
    struct Refusal: Error {}

    private let fd: Int32

    init(_ path: String, byte: Int) throws {
        fd = open(path, O_RDWR | O_CLOEXEC)
        var lock = flock()
        lock.l_type = Int16(F_RDLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = off_t(byte)
        lock.l_len = 1
        let setOFD: Int32 = 37
        guard fd >= 0, fcntl(fd, setOFD, &lock) == 0 else { throw Refusal() }
    }

    deinit { close(fd) }

    /// Ends the lock with its owner.
    func release() {}
}
