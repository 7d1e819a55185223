import Glibc

/// A loop device over a file, there as long as its owner.
///
/// The host forgets it with the last descriptor of it, however this process ends.
final class LoopDevice: Sendable {
    let path: String
    private let fd: Int32

    /// Makes one; nothing where the host allows none.
    init?(_ image: String) {
        let made = Self.output(of: "losetup --find --show '\(image)'")
        guard let path = made.split(separator: "\n").last.map(String.init) else { return nil }
        fd = open(path, O_RDWR | O_CLOEXEC)
        _ = Self.output(of: "losetup --detach '\(path)'")
        self.path = path
        guard fd >= 0 else { return nil }
    }

    deinit { close(fd) }

    /// What a command says, without its complaints.
    private static func output(of command: String) -> String {
        guard let pipe = popen(command + " 2>/dev/null", "r") else { return "" }
        defer { pclose(pipe) }
        var output: [UInt8] = []
        while true {
            let byte = fgetc(pipe)
            if byte >= 0 {
                output.append(UInt8(truncatingIfNeeded: byte))
            } else if ferror(pipe) != 0, errno == EINTR {
                clearerr(pipe)
            } else {
                return String(decoding: output, as: UTF8.self)
            }
        }
    }
}
