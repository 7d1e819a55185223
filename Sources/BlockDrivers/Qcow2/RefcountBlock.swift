/// Reference counts of one block, of any width, as they are on disk.
struct RefcountBlock {
    let memory: UnsafeMutableRawPointer
    /// Width in bits, as a power of two.
    let order: UInt32

    /// A count.
    @inline(__always)
    func count(_ index: Int) -> UInt64 {
        let raw = UnsafeRawPointer(memory)
        switch order {
        case 0...2:
            let width = 1 << Int(order)
            let bit = index * width
            let byte = raw.load(fromByteOffset: bit >> 3, as: UInt8.self)
            return UInt64(byte >> UInt8(bit & 7)) & ((1 << UInt64(width)) - 1)
        case 3: return UInt64(raw.load(fromByteOffset: index, as: UInt8.self))
        case 4:
            return UInt64(
                UInt16(bigEndian: raw.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
            )
        case 5: return UInt64(raw.bigUInt32(index * 4))
        default: return raw.bigUInt64(index * 8)
        }
    }

    /// Changes a count to one that fits.
    func set(_ index: Int, to value: UInt64) {
        switch order {
        case 0...2:
            let width = 1 << Int(order)
            let bit = index * width
            let mask = UInt8((1 << width) - 1) << UInt8(bit & 7)
            let old = memory.load(fromByteOffset: bit >> 3, as: UInt8.self)
            let new = old & ~mask | UInt8(truncatingIfNeeded: value) << UInt8(bit & 7) & mask
            memory.storeBytes(of: new, toByteOffset: bit >> 3, as: UInt8.self)
        case 3:
            memory.storeBytes(
                of: UInt8(truncatingIfNeeded: value),
                toByteOffset: index,
                as: UInt8.self
            )
        case 4: memory.setBig(UInt16(truncatingIfNeeded: value), index * 2)
        case 5: memory.setBig(UInt32(truncatingIfNeeded: value), index * 4)
        default: memory.setBig(value, index * 8)
        }
    }
}
