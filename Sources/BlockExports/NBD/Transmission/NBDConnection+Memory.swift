internal import RingLoop

/// A connection as the budget of memory knows it: news reach it on its loop.
// Not checked: `connection` is only followed on the loop's thread, where the connection lives.
final class NBDMemoryShare: NBDMemoryBudget.Member, @unchecked Sendable {
    private let loop: EventLoop
    private let budget: NBDMemoryBudget
    private weak var connection: NBDConnection?

    init(_ connection: NBDConnection, budget: NBDMemoryBudget) {
        loop = connection.loop
        self.budget = budget
        self.connection = connection
    }

    func granted(_ bytes: Int) {
        let isPosted = loop.post { [self] in
            // One that has gone meanwhile needs nothing any more.
            if connection?.takeGrant(bytes) != true { budget.giveBack(bytes) }
        }
        if !isPosted { budget.giveBack(bytes) }
    }

    func letGoIfStill() { loop.post { [self] in connection?.letGoIfStill() } }
}

// Memory for payloads: a little is the connection's own, the rest is from the budget of all.
extension NBDConnection {
    /// What a connection has without asking, in bytes: enough for small requests, as many as it may
    /// have in flight.
    static let ownMemoryBytes = 1 << 20
    /// Memory is taken from the budget in such pieces.
    private static let grantUnitBytes = 1 << 20
    /// How long a client may take for the payload of a write while others wait for memory.
    private static let bodyPatienceFactor: UInt64 = 6

    /// Whether there is memory for a command's payload; else it is waited for.
    @inline(__always)
    func hasMemory(for command: NBDCommand) -> Bool {
        guard command.type == .read || command.type == .write else { return true }
        let needed = memoryBytes + Int(command.lengthBytes) - Self.ownMemoryBytes
        if needed <= grantedBytes, !isAwaitingMemory { return true }
        return askForMemory(needed - grantedBytes, command)
    }

    private func askForMemory(_ missingBytes: Int, _ command: NBDCommand) -> Bool {
        // What is refused needs no memory, and what came back here meanwhile may be enough.
        if missingBytes <= 0 || isShutDown || terms.refusal(of: command) != nil {
            stopWaitingForMemory()
            return true
        }
        if isAwaitingMemory { return false }
        let bytes = Self.wholeUnits(missingBytes)
        guard group.budget.take(bytes, for: share) else {
            isAwaitingMemory = true
            armImpatience()
            return false
        }
        grantedBytes += bytes
        return true
    }

    /// Accounts for memory that was taken without asking, and gives back what is not needed.
    func balanceMemory() {
        guard grantedBytes > 0 || memoryBytes > Self.ownMemoryBytes else { return }
        let needed = Self.wholeUnits(max(0, memoryBytes - Self.ownMemoryBytes))
        let surplus = grantedBytes - needed
        guard surplus != 0 else { return }
        grantedBytes = needed
        if surplus > 0 {
            group.budget.giveBack(surplus)
        } else {
            group.budget.insist(-surplus)
        }
    }

    private static func wholeUnits(_ bytes: Int) -> Int {
        (bytes + grantUnitBytes - 1) / grantUnitBytes * grantUnitBytes
    }

    /// Takes memory that was waited for.
    ///
    /// - Returns: Whether it is of use; a connection that is over takes none.
    func takeGrant(_ bytes: Int) -> Bool {
        guard phase != .over, isAwaitingMemory else { return false }
        endWaitForMemory()
        grantedBytes += bytes
        proceed()
        return true
    }

    /// Waits for no memory any more.
    func stopWaitingForMemory() {
        guard isAwaitingMemory else { return }
        endWaitForMemory()
        group.budget.withdraw(share)
    }

    private func endWaitForMemory() {
        isAwaitingMemory = false
        complaint = nil
        if let impatience { loop.cancelTimer(impatience) }
    }

    private func armImpatience() {
        guard let impatience else { return }
        let end = loop.nowNanoseconds + group.budget.patienceNanoseconds
        loop.addTimer(impatience, atNanoseconds: end)
    }

    /// It has waited for long: others shall go, and when nothing came back since, disks hang.
    func lostPatience() {
        guard isAwaitingMemory, phase == .serving else { return }
        if let complaint { group.budget.overdraw(after: complaint) }
        complaint = group.budget.complain(atNanoseconds: loop.nowNanoseconds)
        armImpatience()
    }

    /// Others have waited for memory: goes if its client takes no replies, or sends no payload.
    func letGoIfStill() {
        guard grantedBytes > 0 else { return }
        let stillNanoseconds = loop.refreshNow() &- lastMoveNanoseconds
        let patience = group.budget.patienceNanoseconds
        // Whoever complains may have begun to wait before this one was served.
        let isDeaf = isPolling && stillNanoseconds >= patience / 2
        let isMute = body != nil && stillNanoseconds >= patience * Self.bodyPatienceFactor
        if isDeaf || isMute { fail() }
    }
}
