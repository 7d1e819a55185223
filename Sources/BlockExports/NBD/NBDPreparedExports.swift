internal import BlockGraph

/// Listeners that are bound and exports that have no port yet, until commit or abort.
final class NBDPreparedExports: PreparedExports {
    /// What is wished.
    let plan: NBDPlan
    /// Keys of exports that go.
    let gone: [String]
    /// Handlers of the exports that the change is about, by key.
    let exports: [String: NBDExport]
    /// Listeners that are new.
    let opened: [NBDAddress: NBDListener]
    private let service: NBDService

    /// A prepared change.
    init(
        service: NBDService,
        plan: NBDPlan,
        gone: [String],
        exports: [String: NBDExport],
        opened: [NBDAddress: NBDListener]
    ) {
        self.service = service
        self.plan = plan
        self.gone = gone
        self.exports = exports
        self.opened = opened
    }

    func handler(for export: String) -> any ExportHandler {
        guard let handler = exports[export] else {
            preconditionFailure("export \(export) was not prepared")
        }
        return handler
    }

    func commit() { service.commit(self) }

    func abort() {
        for listener in opened.values { listener.close() }
    }
}
