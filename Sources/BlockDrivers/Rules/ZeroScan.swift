internal import Glibc

/// Looks whether memory holds nothing but zeroes.
enum ZeroScan {
    /// Whether all bytes are zero; stops at the first that is not.
    static func isZero(_ start: UnsafeRawPointer, count: Int) -> Bool {
        let head = min(count, 16)
        for index in 0..<head where start.load(fromByteOffset: index, as: UInt8.self) != 0 {
            return false
        }
        // The rest is compared with itself, shifted by what is known to be zero.
        return count == head || memcmp(start, start + head, count - head) == 0
    }
}
