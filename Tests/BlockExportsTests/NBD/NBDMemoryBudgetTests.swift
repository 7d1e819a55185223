import GraphModel
import RingLoop
import Simulation
import Testing

@testable import BlockExports

/// Memory that connections share: who waits for it, and who must go so that nobody waits for ever.
@Suite("Memory of all NBD connections", .serialized, .timeLimit(.minutes(5)))
struct NBDMemoryBudgetTests {
    private static let diskBytes = UInt32(ServedDisk.sizeBytes)
    /// What one read of the whole disk takes from the budget.
    private static let wholeBytes = ServedDisk.sizeBytes - NBDConnection.ownMemoryBytes
    private static let longNanoseconds: UInt64 = 600_000_000_000
    private static let shortNanoseconds: UInt64 = 20_000_000

    private func client(_ disk: ServedDisk) throws -> RawClient {
        let client = try RawClient(disk.socketPath)
        try client.enter()
        return client
    }

    /// Asks for the whole disk and reads nothing of it.
    private func askForAll(_ client: RawClient, cookie: UInt64 = 1) {
        client.send(RawClient.command(0, cookie: cookie, length: Self.diskBytes))
    }

    private func readAll(_ client: RawClient, cookie: UInt64 = 1) throws -> Bool {
        let reply = try client.reply()
        return reply == (0, cookie) && client.receive(ServedDisk.sizeBytes).count == Self.diskBytes
    }

    @Test("who finds no memory waits until another client has read, and small requests never do")
    func waits() throws {
        let budget = NBDMemoryBudget(
            limitBytes: Self.wholeBytes + 1,
            patienceNanoseconds: Self.longNanoseconds
        )
        let disk = try ServedDisk(budget: budget)
        let (deaf, second, third) = (try client(disk), try client(disk), try client(disk))
        askForAll(deaf)
        while budget.usedBytes < Self.wholeBytes {}
        askForAll(second, cookie: 2)
        while budget.waitCount < 1 {}
        third.send(RawClient.command(0, cookie: 3, length: 4096))
        #expect(try third.reply() == (0, 3))
        #expect(third.receive(4096).count == 4096)
        #expect(budget.waitCount == 1)
        #expect(budget.usedBytes == Self.wholeBytes)
        #expect(try readAll(deaf))
        #expect(try readAll(second, cookie: 2))
        while budget.usedBytes > 0 {}
    }

    @Test("a client that takes no reply goes when others have waited for long")
    func deaf() throws {
        let budget = NBDMemoryBudget(
            limitBytes: Self.wholeBytes,
            patienceNanoseconds: Self.shortNanoseconds
        )
        let disk = try ServedDisk(budget: budget)
        let (deaf, second) = (try client(disk), try client(disk))
        askForAll(deaf)
        while budget.usedBytes < Self.wholeBytes {}
        askForAll(second, cookie: 2)
        #expect(try readAll(second, cookie: 2))
        while disk.clientCount > 1 {}
        #expect(deaf.receive(ServedDisk.sizeBytes + 16).count < ServedDisk.sizeBytes)
        while budget.usedBytes > 0 {}
    }

    @Test("while disks hang, those who have waited for long get memory beyond the limit")
    func hung() throws {
        let budget = NBDMemoryBudget(
            limitBytes: Self.wholeBytes,
            patienceNanoseconds: Self.shortNanoseconds
        )
        let disk = try ServedDisk(budget: budget)
        disk.park(true)
        let clients = try (0..<3).map { _ in try client(disk) }
        for client in clients { askForAll(client) }
        while disk.parkedCount < 3 {}
        #expect(budget.usedBytes == 3 * Self.wholeBytes)
        disk.park(false)
        disk.answerParked()
        for client in clients { #expect(try readAll(client)) }
        while budget.usedBytes > 0 {}
    }

    @Test("who waits may go, move to another port, and be held up by a pause")
    func leaves() throws {
        let budget = NBDMemoryBudget(
            limitBytes: Self.wholeBytes,
            patienceNanoseconds: Self.longNanoseconds
        )
        let disk = try ServedDisk(budget: budget)
        disk.park(true)
        let first = try client(disk)
        askForAll(first)
        while disk.parkedCount < 1 {}
        var gone: RawClient? = try client(disk)
        let second = try client(disk)
        if let gone { askForAll(gone) }
        while budget.waitCount < 1 {}
        askForAll(second, cookie: 2)
        while budget.waitCount < 2 {}
        gone = nil
        disk.pause()
        disk.park(false)
        disk.answerParked()
        #expect(try readAll(first))
        disk.moveExport()
        disk.resume()
        #expect(try readAll(second, cookie: 2))
        while budget.usedBytes > 0 || disk.clientCount > 2 {}
        #expect(budget.waitCount == 0)
    }

    @Test("memory goes to those who wait in the order in which they came, and none gets lost")
    func order() {
        let budget = NBDMemoryBudget(limitBytes: 10)
        let members = (0..<4).map { _ in Member() }
        #expect(budget.take(8, for: members[0]))
        #expect(!budget.take(6, for: members[1]))
        // It would fit, and must not overtake.
        #expect(!budget.take(2, for: members[2]))
        #expect(!budget.take(20, for: members[3]))
        budget.giveBack(3)
        #expect(members.map(\.held) == [0, 0, 0, 0])
        budget.giveBack(5)
        #expect(members.map(\.held) == [0, 6, 2, 0])
        budget.insist(1)
        budget.giveBack(3)
        // What is longer than all of it is served alone.
        budget.giveBack(6)
        #expect(members.map(\.held) == [0, 6, 2, 20])
        #expect(!budget.take(1, for: members[0]))
        budget.withdraw(members[0])
        #expect(budget.waitCount == 0)
        budget.giveBack(20)
        #expect(budget.usedBytes == 0)
    }

    @Test("who has waited for long complains, and one at a time gets memory beyond the limit")
    func impatience() {
        let budget = NBDMemoryBudget(limitBytes: 10, patienceNanoseconds: 100)
        let members = (0..<3).map { _ in Member() }
        for member in members { budget.enter(member) }
        budget.leave(members[2])
        #expect(budget.take(10, for: members[0]))
        #expect(!budget.take(4, for: members[1]))
        #expect(!budget.take(5, for: members[2]))
        let complaint = budget.complain(atNanoseconds: 1000)
        #expect(members.map(\.complaints) == [1, 1, 0])
        // So soon after the first nobody is asked again.
        #expect(budget.complain(atNanoseconds: 1049) == complaint)
        #expect(members.map(\.complaints) == [1, 1, 0])
        budget.overdraw(after: complaint)
        budget.overdraw(after: complaint)
        #expect(members.map(\.held) == [0, 4, 0])
        let second = budget.complain(atNanoseconds: 1050)
        #expect(members.map(\.complaints) == [2, 2, 0])
        budget.giveBack(1)
        // Something came back, if too little: disks do not hang.
        budget.overdraw(after: second)
        #expect(members.map(\.held) == [0, 4, 0])
        #expect(budget.usedBytes == 13)
        budget.giveBack(8)
        #expect(members.map(\.held) == [0, 4, 5])
        #expect(budget.usedBytes == 10)
    }

    private final class Member: NBDMemoryBudget.Member {
        private let state = Locked((held: 0, complaints: 0))
        var held: Int { state.withLock { $0.held } }
        var complaints: Int { state.withLock { $0.complaints } }

        func granted(_ bytes: Int) { state.withLock { $0.held += bytes } }
        func letGoIfStill() { state.withLock { $0.complaints += 1 } }
    }
}
