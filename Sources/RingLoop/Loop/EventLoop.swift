internal import CLinux
internal import Synchronization

/// A thread with one io_uring: takes turns of jobs, timers, completions and hooks.
///
/// ```
/// turn:  jobs -> due timers -> completions -> hooks -> submit and wait (one call) -> next turn
/// ```
/// The wait is left out when jobs, hooks or completions are there already. It is an executor:
/// an actor that names it runs on its thread.
// Not checked, because loop-confined classes are stored. `configuration`, `mailbox`, `thread`,
// `stopRequested`, `startResult` and the descriptors are Sendable; `kernel`, `timers`, `hooks`,
// `batch`, `polling`, `wakeTicket` and `nowNanoseconds` are touched by the loop's thread only (`init` and
// `deinit` run while there is none).
package final class EventLoop: SerialExecutor, @unchecked Sendable {
    /// How long a stopping loop waits for operations that do not let themselves be cancelled.
    private static let farewellNanosecondsMax: UInt64 = 5_000_000_000
    /// How often it asks for the cancellation.
    private static let cancelNanoseconds: UInt64 = 10_000_000

    /// What it was made with.
    package let configuration: EventLoopConfiguration
    /// Where operations are queued; loop thread only.
    package let kernel: Kernel
    /// `CLOCK_MONOTONIC` as read at the start of the turn; loop thread only.
    package private(set) var nowNanoseconds: UInt64 = MonotonicClock.now

    private let mailbox = Mailbox()
    private let thread = LoopThread()
    private let stopRequested = Atomic(false)
    private let startResult = Atomic<Int32>(0)
    private let started: FileDescriptor
    private let wake: FileDescriptor
    private let wakeCount: UnsafeMutablePointer<UInt64>
    private let wakeTicket: UnsafeMutablePointer<KernelTicket>
    private let timers = TimerQueue()
    private let hooks = TurnHookQueue()
    private var batch: [Mailbox.Entry] = []
    private var polling = AdaptivePolling()

    /// Makes a loop whose thread does not run yet.
    ///
    /// - Throws: ``SystemError`` when this kernel has no usable io_uring, with the remedy.
    package init(configuration: EventLoopConfiguration) throws(SystemError) {
        self.configuration = configuration
        started = FileDescriptor(owning: try SystemError.check(clinux_eventfd(), "eventfd"))
        wake = FileDescriptor(owning: try SystemError.check(clinux_eventfd(), "eventfd"))
        kernel = try Kernel(entryCount: configuration.entryCount)
        wakeCount = .allocate(capacity: 1)
        wakeCount.initialize(to: 0)
        wakeTicket = .allocate(capacity: 1)
        wakeTicket.initialize(
            to: KernelTicket(handler: { ticket, result in
                guard result >= 0, let context = ticket.pointee.context else { return }
                Unmanaged<EventLoop>.fromOpaque(context)._withUnsafeGuaranteedRef {
                    $0.awaitWakeUp()
                }
            })
        )
        wakeTicket.pointee.context = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        kernel.deallocate()
        wakeCount.deallocate()
        wakeTicket.deallocate()
    }

    /// Starts the thread and returns when the loop takes turns.
    package func start() throws(SystemError) {
        try thread.start { [self] in run() }
        _ = clinux_eventfd_wait(started.rawValue)
        let result = startResult.load(ordering: .acquiring)
        guard result < 0 else { return }
        thread.join()
        throw SystemError(
            number: result,
            call: "start",
            sentence: "loop \(configuration.name) cannot start: \(SystemError.words(of: result))"
        )
    }

    /// Asks the loop to end after its current turn; any thread.
    ///
    /// Jobs that were posted before still run, and pending operations are cancelled: their
    /// handlers are called with `-ECANCELED`.
    package func stop() {
        stopRequested.store(true, ordering: .sequentiallyConsistent)
        post {}
    }

    /// Waits until the thread has ended; not from the loop itself.
    package func join() { thread.join() }
}

// MARK: - Any thread

extension EventLoop {
    /// Whether the caller is on this loop's thread; one load.
    package var isCurrent: Bool {
        clinux_thread_mark_get() == Unmanaged.passUnretained(self).toOpaque()
    }

    /// Traps when the caller is not on this loop's thread.
    package func preconditionOnLoop() {
        precondition(isCurrent, "only the thread of loop \(configuration.name) may do this")
    }

    /// Runs a job on the loop in its next turn; false when the loop has ended, and it never runs.
    @discardableResult
    package func post(_ job: @escaping @Sendable () -> Void) -> Bool {
        deliver(.closure(job))
    }

    /// Runs a job of an actor on the loop.
    package func enqueue(_ job: consuming ExecutorJob) {
        // The caller holds no reference, and the job may be the one after which nobody does.
        let keeper = Unmanaged.passRetained(self)
        defer { keeper.release() }
        let isAlive = deliver(.job(UnownedJob(job)))
        precondition(isAlive, "loop \(configuration.name) has ended and runs no actor any more")
    }

    /// Whether what runs now is isolated by this loop.
    package func isIsolatingCurrentContext() -> Bool? { isCurrent }

    /// Traps when what runs now is not isolated by this loop.
    package func checkIsolated() { preconditionOnLoop() }

    private func deliver(_ entry: Mailbox.Entry) -> Bool {
        guard mailbox.put(entry) else { return false }
        if mailbox.takeWakeUp() { _ = clinux_eventfd_signal(wake.rawValue) }
        return true
    }
}

// MARK: - Loop thread only

extension EventLoop {
    /// Reads the clock anew, for those who measure within a turn.
    @discardableResult
    package func refreshNow() -> UInt64 {
        nowNanoseconds = MonotonicClock.now
        return nowNanoseconds
    }

    /// Arms a timer, or moves it when it is armed.
    package func addTimer(_ timer: LoopTimer, atNanoseconds deadline: UInt64) {
        timers.arm(timer, deadline: deadline)
    }

    /// Takes a timer back; nothing happens when it is not armed.
    package func cancelTimer(_ timer: LoopTimer) { timers.cancel(timer) }

    /// Runs a hook once at the end of this turn, before submissions go to the kernel.
    ///
    /// A hook that is queued already stays where it is. One that is queued by a hook runs at the
    /// end of the next turn, which then comes without a wait.
    package func atEndOfTurn(_ hook: TurnHook) { hooks.append(hook) }

    private func run() {
        clinux_thread_mark_set(Unmanaged.passUnretained(self).toOpaque())
        let result = prepareThread()
        startResult.store(result, ordering: .releasing)
        _ = clinux_eventfd_signal(started.rawValue)
        guard result == 0 else { return }
        awaitWakeUp()
        while !isStopRequested { takeTurn() }
        sayFarewell()
        kernel.close()
        clinux_thread_mark_set(nil)
    }

    private func prepareThread() -> Int32 {
        _ = clinux_thread_name(configuration.name)
        _ = clinux_thread_block_signals()
        if let cpu = configuration.cpu {
            let result = clinux_thread_bind(Int32(cpu))
            guard result == 0 else { return result }
        }
        // A wish: it works without.
        if configuration.isPrompt { _ = clinux_thread_be_prompt() }
        do {
            try kernel.enable()
            return 0
        } catch {
            return -error.number
        }
    }

    private var isStopRequested: Bool { stopRequested.load(ordering: .acquiring) }

    private func awaitWakeUp() {
        kernel.read(
            fd: wake.rawValue,
            buffer: wakeCount,
            length: 8,
            offset: 0,
            ticket: wakeTicket
        )
    }

    private func takeTurn() {
        work()
        // A stop is looked for here too: the mail that announces it may just have been taken.
        guard hooks.isEmpty, !isStopRequested, !mailbox.hasMail else {
            kernel.submit(waitingNanoseconds: 0)
            return
        }
        let begin = refreshNow()
        if poll(from: begin) || !mailbox.fallAsleep() {
            kernel.submit(waitingNanoseconds: 0)
        } else {
            kernel.submit(waitingNanoseconds: timeoutNanoseconds)
            mailbox.wakeUp()
        }
        polling.recordWait(nanoseconds: refreshNow() - begin)
    }

    /// Looks for something to do for as long as that has paid lately.
    ///
    /// - Returns: Whether there is something.
    private func poll(from begin: UInt64) -> Bool {
        let budget = polling.budgetNanoseconds
        guard budget > 0 else { return false }
        let end = min(begin + budget, timers.deadlineFirst ?? .max)
        repeat {
            kernel.submit(waitingNanoseconds: 0)
            if kernel.hasCompletions || mailbox.hasMail { return true }
        } while refreshNow() < end
        return false
    }

    private func work() {
        refreshNow()
        // First, so that a change which comes by mail finds nothing here that nobody has seen.
        kernel.dispatchCompletions()
        if mailbox.hasMail { runMail() }
        timers.fire(until: nowNanoseconds)
        hooks.run()
    }

    private var timeoutNanoseconds: Int64 {
        guard let deadline = timers.deadlineFirst else { return -1 }
        let now = refreshNow()
        return deadline > now ? Int64(clamping: deadline - now) : 0
    }

    private func runMail() {
        mailbox.take(into: &batch)
        for entry in batch {
            switch entry {
            case .closure(let job): job()
            case .job(let job): job.runSynchronously(on: asUnownedSerialExecutor())
            }
        }
        batch.removeAll(keepingCapacity: true)
    }

    /// Runs what was posted and cancels what is pending, until nothing is left of either.
    private func sayFarewell() {
        let end = refreshNow() + Self.farewellNanosecondsMax
        var cancelNext: UInt64 = 0
        repeat {
            work()
            if kernel.inFlightCount > 0, nowNanoseconds >= cancelNext {
                cancelNext = nowNanoseconds + Self.cancelNanoseconds
                kernel.cancel(wakeTicket)  // Kernels before 5.19 do not know how to cancel all.
                kernel.cancelAll()
            }
            let isBusy = mailbox.hasMail || !hooks.isEmpty
            kernel.submit(waitingNanoseconds: isBusy ? 0 : Int64(Self.cancelNanoseconds))
            kernel.dispatchCompletions()
        } while (kernel.inFlightCount > 0 && refreshNow() < end) || !hooks.isEmpty
            || !mailbox.close()
    }
}
