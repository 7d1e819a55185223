internal import Glibc

/// Who may use a control socket, for those who may not.
enum SocketOwner {
    /// What to do about a socket that a user may not use: the group to join, where one may use it.
    static func remedy(for socket: String) -> String {
        var status = stat()
        // What stands in a directory that is closed cannot be seen; its group is that of the socket.
        let folder = socket.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let parent = folder.joined(separator: "/")
        guard stat(socket, &status) == 0 || stat(parent, &status) == 0 else {
            return "ask as its owner or as root"
        }
        guard status.st_mode & 0o060 == 0o060, let group = getgrgid(status.st_gid),
            let name = group.pointee.gr_name.map({ String(cString: $0) }), name != "root"
        else { return "ask as its owner or as root" }
        return "members of the group \(name) may (usermod -aG \(name) USER), and root"
    }
}
