internal import RingLoop

/// Keeps requests that overlap from doing at the same time what does not go together, for the views
/// of all loops of one node.
///
/// Places inside that overlap are all shared, or there is one. Who comes waits for everybody who
/// came before and does not go together with it, so that nobody starves:
///
/// ```
/// outside --enter--> inside --leave--> outside
///         --enter--> waiting --(the last in the way leaves)--> inside
/// ```
/// The lock is held for a walk over the places of one node, never while anything waits. It is the
/// price of state that several loops share; nodes without such state have none.
final class RangeGate: Sendable {
    /// One request's place; its memory belongs to an ``Errand`` and stays where it is.
    struct Place {
        fileprivate var beginBytes: UInt64 = 0
        fileprivate var endBytes: UInt64 = 0
        fileprivate var isShared = false
        fileprivate var isInside = false
        fileprivate var previous: Address?
        fileprivate var next: Address?
        /// Where its owner lives, and who is told there that it is inside.
        fileprivate let loop: EventLoop
        fileprivate let owner: UnsafeMutableRawPointer
        fileprivate let admit: @convention(c) (UnsafeMutableRawPointer) -> Void

        init(
            loop: EventLoop,
            owner: UnsafeMutableRawPointer,
            admit: @escaping @convention(c) (UnsafeMutableRawPointer) -> Void
        ) {
            self.loop = loop
            self.owner = owner
            self.admit = admit
        }
    }

    /// Where a place is.
    // Not checked: what is there is touched only while the gate's lock is held, but for `owner`,
    // `admit` and `loop`, which are constant.
    fileprivate struct Address: Equatable, @unchecked Sendable {
        let place: UnsafeMutablePointer<Place>
    }

    private struct Line {
        var first: Address?
        var last: Address?
        var waitingCount = 0
    }

    private let line = Locked(Line())

    /// Asks for a range.
    ///
    /// - Returns: Whether the place is inside at once; otherwise its `admit` is called later.
    func enter(
        _ place: UnsafeMutablePointer<Place>,
        _ range: Range<UInt64>,
        isShared: Bool
    ) -> Bool {
        let entry = Address(place: place)
        return line.withLock { line in
            entry.place.pointee.beginBytes = range.lowerBound
            entry.place.pointee.endBytes = range.upperBound
            entry.place.pointee.isShared = isShared
            entry.place.pointee.previous = line.last
            entry.place.pointee.next = nil
            if let last = line.last { last.place.pointee.next = entry } else { line.first = entry }
            line.last = entry
            let isInside = !Self.isHeldUp(entry)
            entry.place.pointee.isInside = isInside
            if !isInside { line.waitingCount += 1 }
            return isInside
        }
    }

    /// Gives a range free and lets in who waited for it.
    ///
    /// - Precondition: The place is inside.
    func leave(_ place: UnsafeMutablePointer<Place>) {
        let entry = Address(place: place)
        line.withLock { line in
            precondition(entry.place.pointee.isInside, "a request leaves where it is not")
            entry.place.pointee.isInside = false
            let (previous, next) = (entry.place.pointee.previous, entry.place.pointee.next)
            if let previous { previous.place.pointee.next = next } else { line.first = next }
            if let next { next.place.pointee.previous = previous } else { line.last = previous }
            var waiting = line.waitingCount > 0 ? next : nil
            while let candidate = waiting {
                waiting = candidate.place.pointee.next
                guard !candidate.place.pointee.isInside, !Self.isHeldUp(candidate) else { continue }
                candidate.place.pointee.isInside = true
                line.waitingCount -= 1
                Self.tell(candidate)
            }
        }
    }

    /// Whether somebody who came before is in the way.
    private static func isHeldUp(_ entry: Address) -> Bool {
        let own = entry.place.pointee
        var earlier = own.previous
        while let other = earlier {
            let place = other.place.pointee
            if place.beginBytes < own.endBytes, own.beginBytes < place.endBytes,
                !(place.isShared && own.isShared)
            {
                return true
            }
            earlier = place.previous
        }
        return false
    }

    /// In the loop's next turn: a chain of those who wait for each other needs no stack then.
    private static func tell(_ entry: Address) {
        entry.place.pointee.loop.post {
            entry.place.pointee.admit(entry.place.pointee.owner)
        }
    }
}
