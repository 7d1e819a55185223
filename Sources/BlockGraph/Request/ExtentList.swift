/// What a range of a node holds, as the answer to an extents request.
///
/// - Invariant: Extents follow each other without gaps, from the request's offset.
package struct ExtentList {
    /// A run of bytes of one kind.
    @frozen
    package struct Extent: Hashable, Sendable {
        /// Length in bytes.
        package var lengthBytes: UInt64
        /// Whether it is a hole: no storage is allocated.
        package var isHole: Bool
        /// Whether it reads as zeroes.
        package var readsZero: Bool
        /// Which layer it comes from: 1 is the node itself, 2 its backing, and so on.
        ///
        /// Told only where ``RequestFlags/layered`` asks for it, otherwise 1. What no layer has
        /// counts to the lowest.
        package var depth: UInt16
        /// Whether no layer has it; told with the depth.
        package var isUnowned: Bool

        /// A run.
        package init(
            lengthBytes: UInt64,
            isHole: Bool,
            readsZero: Bool,
            depth: UInt16 = 1,
            isUnowned: Bool = false
        ) {
            self.lengthBytes = lengthBytes
            self.isHole = isHole
            self.readsZero = readsZero
            self.depth = depth
            self.isUnowned = isUnowned
        }
    }

    /// Most extents in one answer.
    package static let capacity = 1024

    private let storage: UnsafeMutablePointer<Extent>
    /// How many extents are listed.
    package private(set) var count = 0
    /// Bytes that they cover.
    package private(set) var coveredBytes: UInt64 = 0

    /// An empty list; ends with ``deallocate()``.
    package init() {
        storage = .allocate(capacity: Self.capacity)
    }

    /// Gives the memory back.
    package func deallocate() { storage.deallocate() }

    /// Forgets all extents.
    package mutating func removeAll() {
        count = 0
        coveredBytes = 0
    }

    /// Adds a run, joined to the last one when it is of the same kind.
    ///
    /// - Returns: `false` when the list is full and the run was not added.
    package mutating func append(_ extent: Extent) -> Bool {
        if count > 0 {
            let last = storage[count - 1]
            if last.isHole == extent.isHole, last.readsZero == extent.readsZero,
                last.depth == extent.depth, last.isUnowned == extent.isUnowned
            {
                storage[count - 1].lengthBytes += extent.lengthBytes
                coveredBytes += extent.lengthBytes
                return true
            }
        }
        guard count < Self.capacity else { return false }
        storage[count] = extent
        count += 1
        coveredBytes += extent.lengthBytes
        return true
    }

    /// An extent by its place.
    package subscript(index: Int) -> Extent {
        precondition(index >= 0 && index < count, "extent \(index) of \(count)")
        return storage[index]
    }
}
