internal import BlockGraph

/// What a server said about its export and about the way it answers.
struct NBDServerTerms: Hashable, Sendable {
    /// Longest read or write that is sent to a server that names no limit.
    static let transferBytesDefault: UInt32 = 32 << 20
    /// Longest discard, and longest write-zeroes where the server names no limit.
    static let rangeBytesMax: UInt32 = 1 << 30
    /// Flags of what is asked for where it is offered: flush, FUA, trim, zeroes, several, fast zero.
    private static let usedFlags: UInt16 = 4 | 8 | 32 | 64 | 256 | 2048

    var sizeBytes: UInt64 = 0
    var flags: UInt16 = 0
    var minimumBytes: UInt32 = 1
    var preferredBytes: UInt32 = 4096
    var maximumBytes: UInt32 = 0
    /// Whether replies may come in chunks.
    var isStructured = false
    /// Number of the context `base:allocation`, when the server tells extents.
    var allocationContext: UInt32?

    var isReadOnly: Bool { flags & 2 != 0 }
    var flushes: Bool { flags & 4 != 0 }
    var forcesUnitAccess: Bool { flags & 8 != 0 }
    var trims: Bool { flags & 32 != 0 }
    var writesZeroes: Bool { flags & 64 != 0 }
    var allowsSeveralConnections: Bool { flags & 256 != 0 }
    var zeroesFast: Bool { flags & 2048 != 0 }

    /// Longest read or write.
    var transferBytesMax: UInt32 {
        let named = maximumBytes == 0 ? Self.transferBytesDefault : maximumBytes
        let most = min(named, BlockLimits.transferBytesCeiling)
        return most - most % minimumBytes
    }

    /// Longest write-zeroes.
    var zeroBytesMax: UInt32 {
        let most = maximumBytes == 0 ? Self.rangeBytesMax : min(maximumBytes, Self.rangeBytesMax)
        return most - most % minimumBytes
    }

    /// Whether a node that was opened with `old` terms can go on with these.
    func canReplace(_ old: NBDServerTerms) -> Bool {
        sizeBytes == old.sizeBytes && (!isReadOnly || old.isReadOnly)
            && old.flags & Self.usedFlags & ~flags == 0
            && minimumBytes <= old.minimumBytes && transferBytesMax >= old.transferBytesMax
            && zeroBytesMax >= old.zeroBytesMax
            && (allocationContext != nil || old.allocationContext == nil)
    }

    /// Refuses what no node can have.
    func check() throws(NBDRefusal) {
        guard flags & 1 != 0 else { throw NBDRefusal("it sent no transmission flags") }
        guard sizeBytes <= UInt64(Int64.max) else {
            throw NBDRefusal("it says that its export has \(sizeBytes) bytes, more than 2^63")
        }
        guard minimumBytes > 0, minimumBytes & (minimumBytes - 1) == 0, minimumBytes <= 65536 else {
            throw NBDRefusal(
                "its smallest block of \(minimumBytes) bytes is no power of two to 64 KiB"
            )
        }
        guard preferredBytes >= minimumBytes, preferredBytes & (preferredBytes - 1) == 0 else {
            throw NBDRefusal("its preferred block of \(preferredBytes) bytes is no power of two")
        }
        guard maximumBytes == 0 || maximumBytes >= minimumBytes else {
            throw NBDRefusal("its largest block is less than its smallest one")
        }
        guard sizeBytes % UInt64(minimumBytes) == 0 else {
            throw NBDRefusal(
                "its size of \(sizeBytes) bytes is no multiple of its smallest block of "
                    + "\(minimumBytes) bytes"
            )
        }
    }
}

/// Why a server is of no use: half a sentence about it.
struct NBDRefusal: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
