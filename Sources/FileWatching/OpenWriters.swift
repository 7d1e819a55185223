internal import Glibc

/// Asks the kernel whether somebody is in the middle of writing a file.
enum OpenWriters {
    // Of <fcntl.h>, where they are hidden behind _GNU_SOURCE.
    private static let setSignal: Int32 = 10
    private static let setLease: Int32 = 1024

    /// Asks whether a file is open for writing anywhere on this machine.
    ///
    /// A read lease is granted only on a file that nobody can write; it is given back at once. Only
    /// the file's owner and the superuser may ask, and not every file system can answer: then no
    /// writer is known.
    ///
    /// - Parameter descriptor: The file, open for reading only.
    /// - Returns: Whether a writer is known.
    static func have(_ descriptor: Int32) -> Bool {
        // A writer that comes in between is told to us by a signal: by one that is ignored.
        guard fcntl(descriptor, setSignal, SIGURG) == 0 else { return false }
        guard fcntl(descriptor, setLease, Int32(F_RDLCK)) == 0 else { return errno == EAGAIN }
        _ = fcntl(descriptor, setLease, Int32(F_UNLCK))
        return false
    }
}
