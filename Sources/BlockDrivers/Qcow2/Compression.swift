internal import CZlib
internal import CZstd

/// Content of compressed clusters.
enum Compression {
    /// Unpacks one cluster.
    ///
    /// - Returns: Whether the data yields a whole cluster.
    static func unpack(
        _ packed: UnsafeRawPointer,
        _ packedBytes: Int,
        into memory: UnsafeMutableRawPointer,
        _ clusterBytes: Int,
        type: UInt8
    ) -> Bool {
        type == 1
            ? czstd_unpack(packed, packedBytes, memory, clusterBytes) == 0
            : czlib_unpack(packed, packedBytes, memory, clusterBytes) == 0
    }

    /// Packs one cluster.
    ///
    /// - Returns: The length, or nothing when it would not be shorter than allowed.
    static func pack(
        _ memory: UnsafeRawPointer,
        _ clusterBytes: Int,
        into packed: UnsafeMutableRawPointer,
        _ packedBytesMax: Int,
        type: UInt8
    ) -> Int? {
        let length =
            type == 1
            ? czstd_pack(memory, clusterBytes, packed, packedBytesMax)
            : czlib_pack(memory, clusterBytes, packed, packedBytesMax)
        return length > 0 ? Int(length) : nil
    }
}
