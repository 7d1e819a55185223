internal import BlockGraph

/// Memory for answers to block status, made when first needed; few are in work at a time.
///
/// Confined to its connection.
struct NBDExtentScratch {
    /// Most block status requests of a connection that are in work.
    static let countMax = 4
    /// Bytes of a descriptor on the wire: length and flags.
    static let descriptorBytes = 8

    private struct Place {
        var extents: UnsafeMutablePointer<ExtentList>?
        var isTaken = false
    }

    private let places: UnsafeMutablePointer<Place>

    /// No memory yet; ends with ``deallocate()``.
    init() {
        places = .allocate(capacity: Self.countMax)
        places.initialize(repeating: Place(), count: Self.countMax)
    }

    /// Gives the memory back.
    func deallocate() {
        for index in 0..<Self.countMax {
            guard let extents = places[index].extents else { continue }
            extents.pointee.deallocate()
            extents.deallocate()
        }
        places.deallocate()
    }

    /// Takes an empty list; nothing when all are in work.
    func take() -> (index: Int32, extents: UnsafeMutablePointer<ExtentList>)? {
        for index in 0..<Self.countMax where !places[index].isTaken {
            let extents = places[index].extents ?? makeList()
            extents.pointee.removeAll()
            places[index] = Place(extents: extents, isTaken: true)
            return (Int32(index), extents)
        }
        return nil
    }

    /// Gives a list back.
    func giveBack(_ index: Int32) { places[Int(index)].isTaken = false }

    private func makeList() -> UnsafeMutablePointer<ExtentList> {
        let list = UnsafeMutablePointer<ExtentList>.allocate(capacity: 1)
        list.initialize(to: ExtentList())
        return list
    }

    /// Writes extents as descriptors of a context; neighbours of which it says the same are one.
    ///
    /// What is known beyond the asked length is left out, so that a descriptor never exceeds it.
    ///
    /// - Parameters:
    ///   - extents: What the graph answered.
    ///   - context: What is told of them.
    ///   - lengthBytes: Length that was asked for.
    ///   - onlyFirst: Whether one descriptor was asked for.
    ///   - output: Room for as many descriptors as there are extents.
    /// - Returns: How many descriptors were written.
    static func encode(
        _ extents: borrowing ExtentList,
        as context: NBDContext,
        lengthBytes: UInt32,
        onlyFirst: Bool,
        to output: UnsafeMutableRawPointer
    ) -> Int {
        var remaining = lengthBytes
        var count = 0
        var (run, value): (UInt32, UInt32) = (0, 0)
        for index in 0..<extents.count where remaining > 0 {
            let extent = extents[index]
            let length = UInt32(min(extent.lengthBytes, UInt64(remaining)))
            guard length > 0 else { break }
            let next = context.value(of: extent)
            if count == 0 || next != value {
                guard count == 0 || !onlyFirst else { break }
                (run, value) = (0, next)
                count += 1
            }
            run += length
            remaining -= length
            let place = output + (count - 1) * descriptorBytes
            place.storeBytes(of: run.bigEndian, as: UInt32.self)
            place.storeBytes(of: value.bigEndian, toByteOffset: 4, as: UInt32.self)
        }
        return count
    }
}
