internal import Glibc

/// Payloads that came in pipes, to drivers that need to see them.
///
/// A pipe has room for the whole read, or holds the whole write, so that nothing waits here.
enum PipePayload {
    /// Takes bytes out of a pipe; `false` when it does not hold them.
    static func take(
        _ memory: UnsafeMutableRawPointer,
        count: Int,
        from pipe: Int32
    ) -> Bool {
        move(count) { Glibc.read(pipe, memory + $0, count - $0) }
    }

    /// Puts bytes into a pipe; `false` when it has no room for them.
    static func put(_ memory: UnsafeMutableRawPointer, count: Int, into pipe: Int32) -> Bool {
        move(count) { Glibc.write(pipe, memory + $0, count - $0) }
    }

    private static func move(_ count: Int, _ call: (Int) -> Int) -> Bool {
        var done = 0
        while done < count {
            let moved = call(done)
            if moved < 0, errno == EINTR { continue }
            guard moved > 0 else { return false }
            done += moved
        }
        return true
    }
}
