internal import ControlAPI
internal import FileWatching
internal import Glibc
internal import GraphModel
internal import Logging
internal import RingLoop

/// The daemon: makes its parts, runs them as one group of tasks, and closes them top-down.
package struct Daemon: Sendable {
    private let configuration: DaemonConfiguration
    private let logger: Logger
    private let clock = DaemonClock()
    private let notifier = ServiceNotifier()
    private let watcher: DocumentWatcher?
    private let triggers: AsyncStream<LookCause>
    private let trigger: AsyncStream<LookCause>.Continuation
    private let stops: AsyncStream<Void>
    private let stop: AsyncStream<Void>.Continuation

    /// Time between two looks without a reason, in seconds, and how much it varies.
    private static let rescanSeconds = (least: 48.0, most: 72.0)

    /// The group whose members may ask questions, where the host has it.
    private static let readers = "sluice-ro"

    /// Fewest descriptors with which it is certain that every part of the process can be made.
    private static let descriptorsLeast: UInt64 = 256

    /// Runs a daemon until a signal ends it; the calling thread waits for signals meanwhile.
    ///
    /// - Parameter configuration: What it is started with.
    /// - Returns: The exit code of the process.
    package static func serve(_ configuration: DaemonConfiguration) -> Int32 {
        var signals = ShutdownSignals()
        var logger = Logger(label: "sluice") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: configuration.logLevel) ?? .info
        let descriptorCount = raiseDescriptorLimit()
        guard descriptorCount >= descriptorsLeast else {
            let reason =
                "the daemon may open \(descriptorCount) descriptors and needs \(descriptorsLeast); "
                + "raise RLIMIT_NOFILE (ulimit -n, or LimitNOFILE= of its unit)"
            logger.critical("cannot start", metadata: ["reason": "\(reason)"])
            return ExitStatus.failure.rawValue
        }
        let daemon: Daemon
        do throws(WatchError) {
            daemon = try Daemon(configuration, logger)
        } catch {
            logger.critical("cannot watch", metadata: ["reason": "\(error.reason)"])
            return ExitStatus.failure.rawValue
        }
        let result = Locked<ExitStatus?>(nil)
        Task.detached {
            let status = await daemon.run()
            result.withLock { $0 = status }
            ShutdownSignals.announceEnd()
        }
        while true {
            switch signals.next() {
            case .reload: daemon.trigger.yield(.reload)
            case .stop: daemon.stop.yield()
            case .ended:
                // Anybody may send that signal.
                if let status = result.withLock({ $0 }) { return status.rawValue }
            }
        }
    }

    /// Takes as many descriptors as the host allows: clients that never finish a handshake must not
    /// leave a plan without any.
    ///
    /// - Returns: How many it may have.
    private static func raiseDescriptorLimit() -> UInt64 {
        let descriptors = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(descriptors, &limit) == 0 else { return .max }
        let usual = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        return UInt64(setrlimit(descriptors, &limit) == 0 ? limit.rlim_cur : usual)
    }

    /// The watcher comes first: its library needs one of the first 1024 descriptors.
    private init(_ configuration: DaemonConfiguration, _ logger: Logger) throws(WatchError) {
        self.configuration = configuration
        self.logger = logger
        watcher = configuration.watches ? try DocumentWatcher(sources: configuration.sources) : nil
        (triggers, trigger) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(16))
        (stops, stop) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    private func run() async -> ExitStatus {
        do {
            let store = try StateStore(path: configuration.stateDirectory)
            let listeners = try openListeners()
            let plane = try DataPlane(logger: logger)
            let reconciler = Reconciler(
                reader: SourceReader(
                    paths: configuration.sources,
                    fileBytesMax: configuration.fileBytesMax
                ),
                store: store,
                graph: plane,
                logger: logger,
                clock: clock,
                guards: configuration.guards,
                drainTimeoutNanoseconds: configuration.drainTimeoutNanoseconds
            )
            let failure = await runParts(listeners, reconciler, plane)
            await plane.close(drainTimeoutNanoseconds: configuration.drainTimeoutNanoseconds)
            if let failure { throw failure }
            logger.info("ended")
            return .done
        } catch let error as StateError {
            logger.critical("cannot start", metadata: ["reason": "\(error.reason)"])
            return error.code == .busy ? .busy : .failure
        } catch let error as ControlListenerError {
            logger.critical("cannot start", metadata: ["reason": "\(error.reason)"])
            return error.isBusy ? .busy : .failure
        } catch {
            logger.critical("cannot start", metadata: ["reason": "\(error)"])
            return .failure
        }
    }

    /// A socket on which questions are asked, or orders given, too.
    private struct Listener: Sendable {
        let path: String
        let descriptor: CInt
        let isReadOnly: Bool
    }

    /// Opens the control socket, and the one that only answers questions; clients wait.
    private func openListeners() throws -> [Listener] {
        let control = configuration.controlSocket
        var listeners = [
            Listener(
                path: control,
                descriptor: try ControlListener.open(path: control),
                isReadOnly: false
            )
        ]
        if let path = configuration.readOnlySocket {
            let descriptor = try ControlListener.open(path: path, group: Self.readers)
            listeners.append(Listener(path: path, descriptor: descriptor, isReadOnly: true))
        }
        return listeners
    }

    /// Runs everything until a stop is ordered; then no client of the control socket is left.
    ///
    /// Disks are served first: who asks may wait the moment that a server takes to be made.
    ///
    /// - Returns: Why it could not be run.
    private func runParts(
        _ listeners: [Listener],
        _ reconciler: Reconciler,
        _ plane: DataPlane
    ) async -> (any Error)? {
        let routes = ControlRoutes(
            reconciler: reconciler,
            plane: plane,
            version: SluiceVersion.current,
            startedUnixSeconds: clock.unixSeconds(),
            clock: clock
        )
        return await withTaskGroup { group -> (any Error)? in
            defer { group.cancelAll() }
            group.addTask { await look(reconciler) }
            group.addTask { await passTimers(of: reconciler) }
            if let watcher {
                group.addTask { await passSignals(of: watcher, to: reconciler) }
                group.addTask { await rescan() }
            }
            group.addTask { await sendHeartbeats(reconciler) }
            group.addTask { await plane.closeWhatLingers() }
            do {
                for listener in listeners {
                    let server = try await ControlServer(
                        path: listener.path,
                        descriptor: listener.descriptor,
                        isReadOnly: listener.isReadOnly,
                        logger: logger
                    )
                    // At once: a server must not be given up.
                    group.addTask { await serveControl(server, routes) }
                }
            } catch {
                return error
            }
            for await _ in stops { break }
            logger.info("ending")
            notifier.send(.stopping)
            return nil
        }
    }

    private func serveControl(_ server: ControlServer, _ routes: ControlRoutes) async {
        do {
            try await server.run { await routes.answer($0) }
        } catch is CancellationError {
            return
        } catch {
            guard !Task.isCancelled else { return }
            logger.error("control socket lost", metadata: ["reason": "\(error)"])
        }
    }

    /// The first look, then one for each trigger.
    private func look(_ reconciler: Reconciler) async {
        let verdict = await reconciler.look(.start)
        for diagnostic in verdict.diagnostics { report(diagnostic.line) }
        let live = reconciler.report
        logger.notice(
            "ready",
            metadata: [
                "generation": "\(live.generation)", "state": "\(verdict.reason)",
                "control": "\(configuration.controlSocket)", "version": "\(SluiceVersion.current)",
            ]
        )
        notifier.send(.ready, status: status(reconciler))
        for await cause in triggers {
            if cause == .reload { notifier.send(.reloading) }
            _ = await reconciler.look(cause)
            // Also when the files were rejected: the daemon is still fine.
            notifier.send(cause == .reload ? .ready : .status, status: status(reconciler))
        }
    }

    /// One line for the service manager.
    private func status(_ reconciler: Reconciler) -> String {
        let report = reconciler.report
        let degraded = report.conditions.table[.degraded]
        let ready = report.conditions.table[.ready]
        let word =
            degraded?.isTrue == true
            ? "Degraded: \(degraded?.reason ?? "")" : ready?.reason ?? "Starting"
        return "@\(report.generation), \(word)"
    }

    /// Says each second that a transaction is still at work, to whoever follows the events; and
    /// tells the service manager that the control plane turns.
    private func sendHeartbeats(_ reconciler: Reconciler) async {
        while await sleep(nanoseconds: 1_000_000_000) {
            if reconciler.isAtWork.withLock({ $0 }) { reconciler.events.emit(.heartbeat) }
            notifier.send(.watchdog)
        }
    }

    private func passSignals(of watcher: DocumentWatcher, to reconciler: Reconciler) async {
        for await signal in watcher.signals {
            logger.debug(
                "sources may have changed",
                metadata: [
                    "events": "\(signal.coalescedCount)", "overflow": "\(signal.isOverflow)",
                ]
            )
            if signal.unwatchedCount > 0 {
                logger.warning(
                    "directories not watched",
                    metadata: [
                        "count": "\(signal.unwatchedCount)",
                        "remedy": "raise fs.inotify.max_user_watches",
                    ]
                )
            }
            reconciler.events.emit(
                .sourceDirty,
                digest: reconciler.report.digest,
                generation: reconciler.report.generation,
                [
                    .init("cause", .text(signal.isOverflow ? "overflow" : "inotify")),
                    .init("coalesced", .integer(Int64(signal.coalescedCount))),
                    .init("burst_ms", .integer(Int64(signal.burstNanoseconds / 1_000_000))),
                ]
            )
            reconciler.expectLook(afterOverflow: signal.isOverflow)
            trigger.yield(.watch)
        }
    }

    private func rescan() async {
        while !Task.isCancelled {
            let seconds = Double.random(in: Self.rescanSeconds.least...Self.rescanSeconds.most)
            guard await sleep(nanoseconds: UInt64(seconds * 1e9)) else { return }
            trigger.yield(.rescan)
        }
    }

    private func passTimers(of reconciler: Reconciler) async {
        await withDiscardingTaskGroup { group in
            for await delay in reconciler.wantedDelays {
                group.addTask {
                    if await sleep(nanoseconds: delay) { trigger.yield(.timer) }
                }
            }
        }
    }

    /// Whether the time has passed; a cancelled task does not wait for it.
    private func sleep(nanoseconds: UInt64) async -> Bool {
        // Cancellation is the only error.
        (try? await Task.sleep(nanoseconds: nanoseconds)) != nil
    }

    private func report(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
