internal import Glibc
package import RingLoop

/// What a loop thread believes to be the kernel: operations take as long as a seed says, fail as
/// often as it says, and end in any order; the clock goes on only when the loop waits.
///
/// Confined to the thread of the loop that it was given to.
// Not checked: made on one thread, used on the loop's only.
package final class SimulatedMachine: SimulatedKernel, @unchecked Sendable {
    /// How often something happens: one time in so many; 0 for never.
    package struct Rates: Sendable {
        package var failure = 0
        package var shortness = 0
        package var slowness = 0

        /// Nothing ever happens.
        package init() {}
    }

    private struct Pending {
        var submission: KernelSubmission
        var deadline: UInt64
    }

    /// Descriptors of disks begin here, where no real ones are.
    private static let descriptorStart: Int32 = 1 << 20
    /// Longest time of an operation that is slow: beyond any drain's deadline.
    private static let slowNanoseconds: UInt64 = 400_000_000

    private let clock: UnsafeMutablePointer<UInt64>
    private var pending: [Pending] = []
    /// Reads of the loop's own descriptors, by which others wake it.
    private var wakeUps: [KernelSubmission] = []
    /// Where chance comes from.
    package var random = SeededRandom(seed: 0)
    /// What goes wrong how often.
    package var rates = Rates()
    /// The disks, by number.
    package var disks: [SimulatedDisk] = []

    /// A machine without disks, at some time of its own.
    package init() {
        clock = .allocate(capacity: 1)
        clock.initialize(to: 1 << 50)
    }

    /// Has the calling thread live in simulated time; the loop's thread calls it.
    package func takeOverThread() { MonotonicClock.simulateOnThisThread(UnsafePointer(clock)) }

    /// What happened since the run began.
    package private(set) var log = RunLog()
    private var runStart: UInt64 = 0

    /// Begins a run: at a round time, so that nothing depends on when that is, and with an empty log.
    package func beginRun(keepsEvents: Bool) {
        clock.pointee = (clock.pointee >> 40 + 1) << 40
        runStart = clock.pointee
        log = RunLog(keepsEvents: keepsEvents)
    }

    /// Takes note of an event at the present time.
    package func note(_ kind: RunLog.Kind, _ one: Int, _ two: Int = 0, _ three: Int = 0) {
        log.note(kind, at: clock.pointee - runStart, one, two, three)
    }

    /// The descriptor of a disk.
    package static func descriptor(ofDisk number: Int) -> Int32 {
        descriptorStart + Int32(number)
    }

    /// Operations on disks that have not ended.
    package var pendingCount: Int { pending.count }

    /// Whether the power is off: everything that is asked for fails.
    package var isDead = false

    /// The power fails: nothing that is in flight is done wholly, caches are lost, and nothing works
    /// until ``isDead`` is set back.
    package func crash() {
        isDead = true
        for index in pending.indices {
            let submission = pending[index].submission
            // What was under way may have reached the medium in part.
            if submission.operation == .write, random.oneIn(2), submission.length > 0,
                let buffer = submission.buffer
            {
                let sectors = submission.length / SimulatedDisk.sectorBytes
                let done = Int.random(in: 0...sectors, using: &random) * SimulatedDisk.sectorBytes
                if done > 0 {
                    _ = disk(submission).write(Int(submission.offset), done, from: buffer)
                }
            }
            pending[index].submission = KernelSubmission(
                operation: .other,
                fd: submission.fd,
                buffer: nil,
                length: 0,
                offset: 0,
                ticket: submission.ticket
            )
            pending[index].deadline = clock.pointee
        }
        for disk in disks { disk.crash(&random) }
    }

    package func enter(waits: Bool, timeoutNanoseconds: Int64, kernel: Kernel) {
        while let submission = kernel.takeSubmission() { accept(submission, kernel) }
        guard waits else {
            clock.pointee += 1_000
            return completeDue(kernel)
        }
        let next = pending.map(\.deadline).min()
        if timeoutNanoseconds >= 0 {
            let end = clock.pointee + UInt64(timeoutNanoseconds)
            clock.pointee = max(clock.pointee, min(next ?? end, end))
        } else if let next {
            clock.pointee = max(clock.pointee, next)
        } else {
            // Nothing can happen any more unless another thread wants something.
            wakeUp(kernel)
        }
        completeDue(kernel)
    }

    private func accept(_ submission: KernelSubmission, _ kernel: Kernel) {
        switch submission.operation {
        case .cancel:
            cancel(submission, kernel)
            _ = kernel.complete(submission.ticket, result: 0)
        case .nothing:
            _ = kernel.complete(submission.ticket, result: 0)
        default:
            guard submission.fd >= Self.descriptorStart else { return wakeUps.append(submission) }
            var nanoseconds = UInt64.random(in: 1_000...2_000_000, using: &random)
            if chance(rates.slowness) { nanoseconds = Self.slowNanoseconds }
            note(.submitted, Int(submission.fd), Int(submission.offset), submission.length)
            pending.append(
                Pending(submission: submission, deadline: clock.pointee + nanoseconds)
            )
        }
    }

    private func cancel(_ request: KernelSubmission, _ kernel: Kernel) {
        let target = request.buffer
        wakeUps.removeAll { wakeUp in
            guard target == nil || wakeUp.ticket.map(UnsafeMutableRawPointer.init) == target else {
                return false
            }
            return kernel.complete(wakeUp.ticket, result: -ECANCELED)
        }
    }

    private func completeDue(_ kernel: Kernel) {
        while let index = firstDue {
            let submission = pending.remove(at: index).submission
            let result = perform(submission)
            note(.completed, Int(submission.fd), Int(submission.offset), Int(result))
            _ = kernel.complete(submission.ticket, result: result)
        }
    }

    /// The oldest of those that are due; equal times end in the order of their begin.
    private var firstDue: Int? {
        var found: Int?
        for index in pending.indices where pending[index].deadline <= clock.pointee {
            if let best = found, pending[best].deadline <= pending[index].deadline { continue }
            found = index
        }
        return found
    }

    private func perform(_ submission: KernelSubmission) -> Int32 {
        // A power failure took its content away.
        if isDead || submission.operation == .other { return -EIO }
        if chance(rates.failure) {
            // Nobody knows how much of a write that failed was done.
            if submission.operation == .write, random.oneIn(2), let buffer = submission.buffer {
                _ = disk(submission).write(Int(submission.offset), submission.length, from: buffer)
            }
            return -EIO
        }
        var length = submission.length
        if length > SimulatedDisk.sectorBytes, chance(rates.shortness) {
            length = SimulatedDisk.sectorBytes
        }
        guard let buffer = submission.buffer, submission.operation != .sync else {
            return disk(submission).sync()
        }
        return submission.operation == .read
            ? disk(submission).read(Int(submission.offset), length, into: buffer)
            : disk(submission).write(Int(submission.offset), length, from: buffer)
    }

    private func disk(_ submission: KernelSubmission) -> SimulatedDisk {
        disks[Int(submission.fd - Self.descriptorStart)]
    }

    private func chance(_ rate: Int) -> Bool { rate > 0 && random.oneIn(rate) }

    /// Waits for reads of the loop's own descriptors, which are real, and answers them.
    private func wakeUp(_ kernel: Kernel) {
        for index in wakeUps.indices.reversed() {
            let submission = wakeUps[index]
            var query = pollfd(fd: submission.fd, events: Int16(POLLIN), revents: 0)
            guard poll(&query, 1, -1) > 0, let buffer = submission.buffer else { continue }
            let result = Glibc.read(submission.fd, buffer, submission.length)
            wakeUps.remove(at: index)
            _ = kernel.complete(submission.ticket, result: Int32(result))
        }
    }
}
