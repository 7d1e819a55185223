internal import Synchronization

/// How many clients a listener has, and how many it may have.
final class NBDDoor: Sendable {
    /// Most clients of a listener that states no number.
    static let clientCountDefault = 1024

    private let count = Atomic<Int>(0)
    private let limit: Atomic<Int>

    /// A door for so many clients.
    init(limit: Int) { self.limit = Atomic(limit) }

    /// Lets more or fewer clients in from now on.
    func setLimit(_ newLimit: Int) { limit.store(newLimit, ordering: .relaxed) }

    /// Lets a client in, unless there are too many.
    func admit() -> NBDAdmission? {
        let (_, newCount) = count.add(1, ordering: .relaxed)
        guard newCount <= limit.load(ordering: .relaxed) else {
            count.subtract(1, ordering: .relaxed)
            return nil
        }
        return NBDAdmission(door: self)
    }

    fileprivate func clientLeft() { count.subtract(1, ordering: .relaxed) }
}

/// A client's place at a listener; given up when nobody holds it.
final class NBDAdmission: Sendable {
    private let door: NBDDoor

    fileprivate init(door: NBDDoor) { self.door = door }

    deinit { door.clientLeft() }
}
