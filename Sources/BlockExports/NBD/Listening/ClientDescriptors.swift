internal import CLinux
internal import Glibc

/// Which descriptors clients may have: never the last ones, so that the control socket answers and
/// plans can open images however many clients there are.
enum ClientDescriptors {
    /// What clients leave to everything else.
    private static let keptCount: rlim_t = 128

    /// The first number that no client gets; the kernel gives the lowest that is free.
    private static let end: Int32 = {
        var limit = rlimit()
        let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        let count = isKnown ? limit.rlim_cur : 1024
        return Int32(clamping: count > 2 * keptCount ? count - keptCount : count / 2)
    }()

    /// Whether a client may have a descriptor that was just made for it.
    static func may(_ fd: Int32) -> Bool { fd < end }
}
