/// Linux error numbers by name, as far as a storage device gives them.
package enum ErrorNumber {
    /// Each name with its number.
    package static let named: [(name: String, number: Int64)] = [
        ("EPERM", 1), ("ENOENT", 2), ("EINTR", 4), ("EIO", 5), ("ENXIO", 6), ("EBADF", 9),
        ("EAGAIN", 11), ("ENOMEM", 12), ("EACCES", 13), ("EFAULT", 14), ("EBUSY", 16),
        ("ENODEV", 19), ("EINVAL", 22), ("EFBIG", 27), ("ENOSPC", 28), ("EROFS", 30),
        ("EPIPE", 32), ("ENODATA", 61), ("EPROTO", 71), ("EOVERFLOW", 75), ("EILSEQ", 84),
        ("EOPNOTSUPP", 95), ("ENOTSUP", 95), ("ENOBUFS", 105), ("ESHUTDOWN", 108),
        ("ETIMEDOUT", 110), ("EHOSTDOWN", 112), ("ESTALE", 116), ("EREMOTEIO", 121),
        ("EDQUOT", 122), ("ENOMEDIUM", 123),
    ]
    /// Numbers that exist.
    package static let range: ClosedRange<Int64> = 1...133

    /// The number of a name.
    package static func number(named name: String) -> Int64? {
        named.first { $0.name == name }?.number
    }
}
