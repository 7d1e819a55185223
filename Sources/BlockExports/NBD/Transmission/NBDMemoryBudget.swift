internal import RingLoop
internal import Synchronization

/// Memory for payloads that all connections of a service share, beyond what each has for itself.
///
/// ```
/// take --enough is free, nobody waits--> held --giveBack--> free
///   |                                      ^                  |
///   +--else--> waits, first come ----------+------------------+
/// ```
/// Who waits takes no further request; what others hold comes back when clients and disks go on.
/// Two things keep one that waits from waiting for ever: each ``patienceNanoseconds`` clients that
/// hold memory and have not moved for a while are let go, and when nothing at all came back
/// meanwhile, because disks hang, the first that waits gets its memory beyond the limit.
///
/// While nobody waits, taking and giving back are a few atomic instructions; the lock guards only
/// who is there and who waits.
final class NBDMemoryBudget: Sendable {
    /// What all connections may hold together by default, in bytes.
    static let limitBytesDefault = 512 << 20
    /// How long one waits before others are asked to go, by default.
    static let patienceNanosecondsDefault: UInt64 = 10_000_000_000

    private struct Wait {
        let member: any Member
        let bytes: Int
    }

    private struct State {
        var members: [ObjectIdentifier: any Member] = [:]
        /// In the order in which they came.
        var waits: [Wait] = []
        /// How often memory came back while somebody waited, or was given beyond the limit.
        var changeCount: UInt64 = 0
        var lastComplaintNanoseconds: UInt64 = 0
    }

    let limitBytes: Int
    let patienceNanoseconds: UInt64
    /// Less than zero when memory was given beyond the limit.
    private let freeBytes: Atomic<Int>
    /// How many wait, for those who do not lock.
    private let waits = Atomic<Int>(0)
    private let state = Locked(State())

    init(
        limitBytes: Int = limitBytesDefault,
        patienceNanoseconds: UInt64 = patienceNanosecondsDefault
    ) {
        self.limitBytes = limitBytes
        self.patienceNanoseconds = patienceNanoseconds
        freeBytes = Atomic(limitBytes)
    }

    /// Bytes that are held.
    var usedBytes: Int { limitBytes - freeBytes.load(ordering: .sequentiallyConsistent) }
    /// Connections that wait.
    var waitCount: Int { waits.load(ordering: .sequentiallyConsistent) }

    /// Takes note of a connection, before it takes memory.
    func enter(_ member: any Member) {
        state.withLock { $0.members[ObjectIdentifier(member)] = member }
    }

    /// Forgets a connection, which holds nothing any more.
    func leave(_ member: any Member) {
        state.withLock { _ = $0.members.removeValue(forKey: ObjectIdentifier(member)) }
    }

    /// Takes memory, or has the member wait for it.
    ///
    /// - Returns: Whether it is held now; else ``Member/granted(_:)`` comes.
    func take(_ bytes: Int, for member: any Member) -> Bool {
        if waitCount == 0, claim(bytes) { return true }
        // Who gives back looks for waits afterwards, and who waits looks for memory afterwards.
        changeWaits { $0.waits.append(Wait(member: member, bytes: bytes)) }
        return false
    }

    /// Takes memory that cannot be waited for.
    func insist(_ bytes: Int) { freeBytes.subtract(bytes, ordering: .sequentiallyConsistent) }

    /// Gives memory back, and hands it to those who wait.
    func giveBack(_ bytes: Int) {
        freeBytes.add(bytes, ordering: .sequentiallyConsistent)
        if waitCount > 0 { changeWaits { $0.changeCount += 1 } }
    }

    /// A member waits no more.
    func withdraw(_ member: any Member) {
        changeWaits { state in state.waits.removeAll { $0.member === member } }
    }

    /// A member has lost its patience: asks those who hold memory to go if they stand still.
    ///
    /// - Returns: What ``overdraw(after:)`` wants to know later.
    func complain(atNanoseconds now: UInt64) -> UInt64 {
        let (members, count) = state.withLock { state -> ([any Member], UInt64) in
            // Many may wait: it is enough to ask for one of them.
            let end = state.lastComplaintNanoseconds + patienceNanoseconds / 2
            guard state.lastComplaintNanoseconds == 0 || now >= end else {
                return ([], state.changeCount)
            }
            state.lastComplaintNanoseconds = now
            return (Array(state.members.values), state.changeCount)
        }
        for member in members { member.letGoIfStill() }
        return count
    }

    /// Gives the first that waits its memory beyond the limit, if none came back since a complaint.
    func overdraw(after changeCount: UInt64) {
        let first = state.withLock { state -> Wait? in
            guard state.changeCount == changeCount, !state.waits.isEmpty else { return nil }
            // The next one waits as long again.
            state.changeCount += 1
            let first = state.waits.removeFirst()
            waits.store(state.waits.count, ordering: .sequentiallyConsistent)
            insist(first.bytes)
            return first
        }
        if let first { first.member.granted(first.bytes) }
    }

    /// Takes memory if it is free; what is longer than all of it is held alone.
    private func claim(_ bytes: Int) -> Bool {
        var free = freeBytes.load(ordering: .sequentiallyConsistent)
        while free >= bytes || free == limitBytes {
            let (isTaken, now) = freeBytes.compareExchange(
                expected: free,
                desired: free - bytes,
                ordering: .sequentiallyConsistent
            )
            if isTaken { return true }
            free = now
        }
        return false
    }

    /// Changes who waits, and serves those for whom there is memory.
    private func changeWaits(_ change: (inout State) -> Void) {
        let served = state.withLock { state -> [Wait] in
            change(&state)
            waits.store(state.waits.count, ordering: .sequentiallyConsistent)
            var served: [Wait] = []
            while let first = state.waits.first, claim(first.bytes) {
                served.append(state.waits.removeFirst())
            }
            waits.store(state.waits.count, ordering: .sequentiallyConsistent)
            return served
        }
        for wait in served { wait.member.granted(wait.bytes) }
    }
}

extension NBDMemoryBudget {
    /// How memory reaches a connection that waited.
    ///
    /// Called on any thread, and never while the budget is locked.
    protocol Member: AnyObject, Sendable {
        /// So many bytes that were waited for are held from now on.
        func granted(_ bytes: Int)
        /// Somebody has waited for long: who keeps memory and does not move goes.
        func letGoIfStill()
    }
}
