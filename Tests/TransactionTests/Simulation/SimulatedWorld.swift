import BlockDrivers
import GraphModel
import Reconciliation
import RingLoop
import Simulation

@testable import BlockGraph

/// One thread with a loop whose kernel, clock and disks are simulated; runs seeds, one by one.
actor SimulatedWorld {
    /// How a run went.
    struct Outcome: Sendable {
        let log: RunLog
        let faults: [String]
        let requests: Int
        let commits: Int
        let aborts: Int
        let crashes: Int
    }

    private static let sectorCount = 128
    private static let drainNanoseconds: UInt64 = 100_000_000

    private nonisolated let loop: EventLoop
    private let machine = SimulatedMachine()

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    // What belongs to one run.
    private var plans = RandomPlans(seed: 0)
    private var record: SimulationRecord
    private var exports: SimulatedExports
    private var graph: LiveGraph
    /// What was live last, as the journal knows it.
    private var committed = GraphDescription()
    /// What the plan at work drains, and whether it is abandoned at the last moment.
    private var drained: Set<String> = []
    private var isLate = false
    private var commits = 0
    private var aborts = 0
    private var crashes = 0

    init() throws {
        loop = try EventLoop(configuration: EventLoopConfiguration(name: "simulated"))
        loop.kernel.simulate(by: machine)
        record = SimulationRecord(machine, diskCount: 0, sectorCount: 0)
        exports = SimulatedExports(world: record)
        graph = LiveGraph(kinds: [], participants: [], services: [], defaultLoop: loop)
        try loop.start()
        let machine = machine
        loop.post { machine.takeOverThread() }
    }

    /// Ends the thread.
    nonisolated func end() {
        loop.stop()
        loop.join()
    }

    /// Runs a seed.
    nonisolated func run(
        seed: UInt64,
        steps: Int = 40,
        keepsEvents: Bool = false
    ) async -> Outcome {
        // Else closures and continuations pass by a thread of the pool, in its own time.
        await withTaskExecutorPreference(LoopHops(loop: loop)) {
            await runHere(seed: seed, steps: steps, keepsEvents: keepsEvents)
        }
    }

    private func runHere(seed: UInt64, steps: Int, keepsEvents: Bool) async -> Outcome {
        // The loop forgets how short its last waits were, and so what came before this seed.
        for _ in 0..<3 { await wait(10_000) }
        machine.beginRun(keepsEvents: keepsEvents)
        loop.refreshNow()
        committed = GraphDescription()
        plans = RandomPlans(seed: seed)
        machine.random = SeededRandom(seed: seed ^ 0x5eed)
        machine.rates = SimulatedMachine.Rates()
        // How much goes wrong is a matter of chance, too.
        if plans.random.oneIn(3) { machine.rates.failure = plans.random.pick([20, 100, 400]) }
        if plans.random.oneIn(2) { machine.rates.shortness = plans.random.pick([3, 20]) }
        if plans.random.oneIn(3) { machine.rates.slowness = plans.random.pick([30, 200]) }
        machine.disks = (0..<RandomPlans.diskCount).map { _ in
            SimulatedDisk(sectorCount: Self.sectorCount)
        }
        record = SimulationRecord(
            machine,
            diskCount: RandomPlans.diskCount,
            sectorCount: Self.sectorCount
        )
        (commits, aborts, crashes) = (0, 0, 0)
        begin()
        await bring(plans.start(), mayFail: false)
        for number in 0..<steps {
            machine.note(.step, number)
            await step()
        }
        await settle()
        record.expect(
            record.sentCount == record.answeredCount,
            "\(record.sentCount) sent, \(record.answeredCount) answered"
        )
        await takeDown()
        return Outcome(
            log: machine.log,
            faults: record.faults,
            requests: record.answeredCount,
            commits: commits,
            aborts: aborts,
            crashes: crashes
        )
    }

    private func begin() {
        let groups = ThrottleGroups()
        exports = SimulatedExports(world: record)
        let real = DriverCatalog.kinds(throttleGroups: groups).filter {
            ["raw", "throttle", "blkdebug"].contains($0.name)
        }
        graph = LiveGraph(
            kinds: real + [SimulatedFileKind(machine)],
            participants: [groups],
            services: [exports],
            defaultLoop: loop
        )
        record.forgetDisks()
    }

    private func step() async {
        switch Int.random(in: 0..<40, using: &plans.random) {
        case 0..<18: sendSome()
        case 18..<26: await wait(Int.random(in: 1...4_000, using: &plans.random))
        case 26..<39: await bring(plans.change(committed))
        default: await crash()
        }
    }

    /// Sends some requests through one export.
    private func sendSome() {
        let names = exports.clients.keys.sorted()
        guard !names.isEmpty, let client = exports.clients[plans.random.pick(names)] else { return }
        for _ in 0..<Int.random(in: 1...6, using: &plans.random) {
            let begin = Int.random(in: 0..<Self.sectorCount - 8, using: &plans.random)
            let count = Int.random(in: 1...8, using: &plans.random)
            let operation = plans.random.pick([
                BlockOperation.read, .read, .write, .write, .write, .flush,
            ])
            client.send(
                SimulatedClient.Wish(
                    operation: operation,
                    sectors: operation == .flush ? 0..<0 : begin..<begin + count
                )
            )
        }
    }

    /// Brings another graph to life, or fails at some step and changes nothing.
    private func bring(_ desired: GraphDescription, mayFail: Bool = true) async {
        let resolved = ResolvedGraph(resolving: desired)
        guard resolved.isLegal else { return }
        let plan = Plan(live: committed, desired: desired)
        let before = graph.snapshot
        let structure = await graph.threads[LiveGraph.defaultThread]?.structure
        record.setDisks(RandomPlans.disks(desired), generation: before.generation + 1)
        record.stepsToFailure =
            mayFail && plans.random.oneIn(4) ? Int.random(in: 0..<3, using: &plans.random) : -1
        machine.note(.tried, plan.drainedExports.count, plan.replacedNodes.count)
        drained = plan.drainedExports
        isLate = mayFail && plans.random.oneIn(8)
        do throws(GraphError) {
            _ = try await graph.apply(
                GraphTransition(
                    desired: resolved,
                    replacedNodes: plan.replacedNodes,
                    formerNames: plan.formerNames,
                    drainedExports: plan.drainedExports,
                    baseDirectory: "/",
                    drainTimeoutNanoseconds: Self.drainNanoseconds
                ),
                beforeDrain: beforeDrain,
                beforeCommit: beforeCommit
            )
            commits += 1
            machine.note(.committed, Int(graph.snapshot.generation), graph.snapshot.nodes.count)
            committed = desired
            record.expect(graph.snapshot.resolved.description == desired, "live is not the plan")
        } catch {
            aborts += 1
            machine.note(.aborted, Int(before.generation), error.reason.utf8.count)
            record.expect(error.code != .verifyFailed, error.reason)
            let after = graph.snapshot
            record.expect(after.generation == before.generation, "a failed plan has a generation")
            record.expect(
                after.resolved.description == before.resolved.description,
                "a failed plan changed the graph"
            )
            record.expect(
                await graph.threads[LiveGraph.defaultThread]?.structure == structure,
                "a failed plan changed the wiring"
            )
        }
        record.stepsToFailure = -1
    }

    private nonisolated func beforeDrain() async throws(GraphError) { try await passJournal() }
    private nonisolated func beforeCommit() async throws(GraphError) { try await passDrain() }

    private func passJournal() throws(GraphError) {
        sendSome()
        try record.step("journal")
    }

    /// Everything is drained here: no request of a drained export may be under way.
    private func passDrain() throws(GraphError) {
        for name in drained.sorted() {
            guard let client = exports.clients[name] else { continue }
            record.expect(client.flightCount == 0, "\(name) has requests while it is drained")
        }
        sendSome()
        for name in drained.sorted() {
            guard let client = exports.clients[name] else { continue }
            record.expect(client.flightCount == 0, "\(name) took a request while it is drained")
        }
        guard isLate else { return }
        throw GraphError(code: .abandoned, object: "plan", reason: "newer files are there")
    }

    /// The power fails, and comes back with what the journal knows.
    private func crash() async {
        crashes += 1
        machine.crash()
        let rates = machine.rates
        machine.rates = SimulatedMachine.Rates()
        await settle()
        record.oracle.crashed()
        await takeDown()
        machine.isDead = false
        begin()
        let graph = committed
        committed = GraphDescription()
        await bring(graph, mayFail: false)
        record.expect(committed == graph, "the graph did not come back")
        machine.rates = rates
        machine.note(.crashed, crashes)
    }

    /// Waits until every request is answered and none waits.
    private func settle() async {
        for _ in 0..<20_000 {
            let isBusy = exports.clients.values.contains { $0.flightCount + $0.waitingCount > 0 }
            if !isBusy { return }
            await wait(1_000)
        }
        record.expect(false, "requests are never answered")
    }

    private func takeDown() async {
        do throws(GraphError) {
            _ = try await graph.removeAll(drainTimeoutNanoseconds: 2_000_000_000)
        } catch {
            record.expect(false, "the end: \(error.reason)")
        }
    }

    /// Lets simulated time pass.
    private func wait(_ microseconds: Int) async {
        await withCheckedContinuation { continuation in
            let box = Unmanaged.passRetained(Awakening(continuation))
            let timer = LoopTimer(context: box.toOpaque()) { context in
                guard let context else { return }
                Unmanaged<Awakening>.fromOpaque(context).takeRetainedValue().happen()
            }
            loop.addTimer(
                timer,
                atNanoseconds: loop.refreshNow() + UInt64(microseconds) * 1_000
            )
        }
    }

    private final class Awakening {
        private let continuation: CheckedContinuation<Void, Never>
        init(_ continuation: CheckedContinuation<Void, Never>) { self.continuation = continuation }
        func happen() { continuation.resume() }
    }
}

/// Runs what belongs to no actor on a loop's thread, too.
private final class LoopHops: TaskExecutor {
    private let loop: EventLoop

    init(loop: EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.post { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
