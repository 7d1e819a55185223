internal import Glibc

/// Tables of one kind in memory, each a cluster long, found by their place in the table above.
///
/// ```
/// free --claim--> loading --becomeReady--> ready --markDirty--> dirty --beginWrite--> ready
///   ^                |                       |
///   +--- discard ----+------- (clean) -------+
/// ```
/// Content is kept as it is on disk. A slot's memory stays where it is while the slot is pinned.
final class TableCache {
    /// One table's place in memory.
    struct Slot {
        /// Place in the table above, or -1 when the slot is free.
        var key: Int = -1
        var hostOffset: UInt64 = 0
        var memory: UnsafeMutableRawPointer?
        var isLoading = false
        var isDirty = false
        /// Used since the hand passed.
        var isReferenced = false
        /// The kernel works with its memory.
        var isPinned = false
    }

    /// Fewest tables that are kept.
    static let countMin = 8

    let tableBytes: Int
    let capacity: Int
    let slots: UnsafeMutablePointer<Slot>
    /// Slot of each key plus one, 0 for none.
    private let places: UnsafeMutablePointer<Int32>
    private let keyCount: Int
    /// Most slots that are to be used.
    private var countMax: Int
    private var usedCount = 0
    private var hand = 0
    /// How many tables must be written.
    private(set) var dirtyCount = 0

    init(tableBytes: Int, keyCount: Int, capacity: Int) {
        self.tableBytes = tableBytes
        self.keyCount = keyCount
        self.capacity = max(capacity, Self.countMin)
        countMax = self.capacity
        slots = .allocate(capacity: self.capacity)
        slots.initialize(repeating: Slot(), count: self.capacity)
        places = Self.zeroedPlaces(keyCount)
    }

    deinit {
        for index in 0..<capacity { free(slots[index].memory) }
        slots.deallocate()
        free(places)
    }

    /// Pages that are never touched cost nothing.
    private static func zeroedPlaces(_ count: Int) -> UnsafeMutablePointer<Int32> {
        guard let memory = calloc(max(count, 1), MemoryLayout<Int32>.size) else {
            preconditionFailure("no memory for \(count) table places")
        }
        return memory.bindMemory(to: Int32.self, capacity: max(count, 1))
    }

    /// Whether a table is on its way.
    var isLoading: Bool { (0..<capacity).contains { slots[$0].isLoading } }

    /// Whether so many tables may be dirty that some should be written before more become so; never
    /// when there is a slot for every table.
    var isCrowded: Bool { dirtyCount * 2 >= countMax && countMax < keyCount }

    /// The slot of a table, loading or ready, or -1.
    @inline(__always)
    func place(of key: Int) -> Int { Int(places[key]) - 1 }

    /// The memory of a table that is ready, and marks it used.
    @inline(__always)
    func table(_ key: Int) -> UnsafeMutableRawPointer? {
        let place = Int(places[key]) - 1
        guard place >= 0, !slots[place].isLoading else { return nil }
        slots[place].isReferenced = true
        return slots[place].memory
    }

    /// Whether a table can be given a slot now.
    var hasRoom: Bool {
        usedCount < countMax || (0..<capacity).contains { slots[$0].key >= 0 && isRemovable($0) }
    }

    /// Gives a table a slot with memory, in which it is loading; a clean table may have to go.
    ///
    /// - Returns: The slot, or nothing when every slot is dirty or in use.
    func claim(_ key: Int, hostOffset: UInt64) -> Int? {
        precondition(places[key] == 0, "table \(key) is in memory already")
        guard let place = usedCount < countMax ? freePlace() : victim() else { return nil }
        if slots[place].memory == nil {
            var memory: UnsafeMutableRawPointer?
            guard posix_memalign(&memory, min(tableBytes, 4096), tableBytes) == 0 else {
                return nil
            }
            slots[place].memory = memory
        }
        slots[place].key = key
        slots[place].hostOffset = hostOffset
        slots[place].isLoading = true
        slots[place].isReferenced = true
        places[key] = Int32(place + 1)
        usedCount += 1
        return place
    }

    /// The table's memory holds what it should.
    func becomeReady(_ place: Int) { slots[place].isLoading = false }

    /// Forgets a table, dirty or not.
    func discard(_ place: Int) {
        if slots[place].isDirty { dirtyCount -= 1 }
        places[slots[place].key] = 0
        slots[place].key = -1
        slots[place].isDirty = false
        slots[place].isLoading = false
        slots[place].isPinned = false
        usedCount -= 1
        if usedCount >= countMax {
            free(slots[place].memory)
            slots[place].memory = nil
        }
    }

    /// The table differs from what is on disk.
    func markDirty(_ place: Int) {
        guard !slots[place].isDirty else { return }
        slots[place].isDirty = true
        dirtyCount += 1
    }

    /// A table's memory goes to the kernel; what changes from now on is another change.
    func beginWrite(_ place: Int) {
        slots[place].isDirty = false
        slots[place].isPinned = true
        dirtyCount -= 1
    }

    /// The kernel is done with a table's memory.
    func endWrite(_ place: Int, succeeded: Bool) {
        slots[place].isPinned = false
        if !succeeded { markDirty(place) }
    }

    /// The first dirty slot at or behind a place.
    func nextDirty(from place: Int) -> Int? {
        guard dirtyCount > 0 else { return nil }
        return (place..<capacity).first { slots[$0].isDirty }
    }

    /// Keeps no more tables than that from now on.
    func limit(count: Int) {
        countMax = min(max(count, Self.countMin), capacity)
        while usedCount > countMax, let place = victim() {
            free(slots[place].memory)
            slots[place].memory = nil
        }
    }

    /// Forgets clean tables that were not used since the last call.
    func forgetUnused() {
        for place in 0..<capacity where slots[place].key >= 0 && isRemovable(place) {
            if slots[place].isReferenced {
                slots[place].isReferenced = false
            } else {
                discard(place)
                free(slots[place].memory)
                slots[place].memory = nil
            }
        }
    }

    private func isRemovable(_ place: Int) -> Bool {
        !slots[place].isDirty && !slots[place].isLoading && !slots[place].isPinned
    }

    private func freePlace() -> Int? {
        for _ in 0..<capacity {
            hand = hand + 1 < capacity ? hand + 1 : 0
            if slots[hand].key < 0 { return hand }
        }
        return nil
    }

    /// Drops a clean table that was not used for longest, nearly.
    private func victim() -> Int? {
        for _ in 0..<(capacity * 2) {
            hand = hand + 1 < capacity ? hand + 1 : 0
            guard slots[hand].key >= 0, isRemovable(hand) else { continue }
            if slots[hand].isReferenced {
                slots[hand].isReferenced = false
                continue
            }
            places[slots[hand].key] = 0
            slots[hand].key = -1
            usedCount -= 1
            return hand
        }
        return nil
    }
}
